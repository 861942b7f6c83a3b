"""A login with Authlib, by what it makes its clients for Flask and Django of."""

import json
import os
import sys
from urllib.parse import parse_qs, urlparse

from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session


class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    client_cls = OAuth2Session


issuer, redirect_uri = os.environ["ISSUER"], os.environ["REDIRECT_URI"]
app = App(
    None,
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=f"{issuer}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid profile offline_access notes.read",
        "code_challenge_method": "S256",
    },
)
begun = app.create_authorization_url(redirect_uri)
print(begun["url"], flush=True)

back = {name: values[0] for name, values in parse_qs(urlparse(sys.stdin.readline().strip()).query).items()}
assert back["state"] == begun["state"], "another state"
token = app.fetch_access_token(
    redirect_uri=redirect_uri,
    code=back["code"],
    code_verifier=begun["code_verifier"],
)
claims = app.parse_id_token(token, nonce=begun["nonce"])
userinfo = app.userinfo(token=token)
session = OAuth2Session(app.client_id, app.client_secret)
refreshed = session.refresh_token(app.server_metadata["token_endpoint"], refresh_token=token["refresh_token"])
logout = app.create_logout_url(os.environ["SIGNED_OUT_URI"], id_token_hint=token["id_token"])
found = {
    "sub": claims["sub"],
    "name": userinfo["name"],
    "refreshed": app.userinfo(token=refreshed)["sub"],
    "logout": logout["url"],
}
print(json.dumps(found), flush=True)
