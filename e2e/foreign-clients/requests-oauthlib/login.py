"""A login with requests-oauthlib, which knows OAuth 2.0 alone: it has no ID tokens and no logout."""

import json
import os
import sys

# the issuer of the tests is on loopback
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from requests_oauthlib import OAuth2Session

issuer = os.environ["ISSUER"]
credentials = (os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
metadata = requests.get(f"{issuer}/.well-known/oauth-authorization-server", timeout=10).json()
session = OAuth2Session(
    credentials[0],
    redirect_uri=os.environ["REDIRECT_URI"],
    # an answer with another scope is an error for it
    scope=["openid", "profile", "offline_access", "notes.read"],
    pkce="S256",
)
address, _ = session.authorization_url(metadata["authorization_endpoint"])
print(address, flush=True)

token = session.fetch_token(
    metadata["token_endpoint"],
    authorization_response=sys.stdin.readline().strip(),
    auth=credentials,
)
userinfo = session.get(metadata["userinfo_endpoint"]).json()
session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"], auth=credentials)
found = {
    "sub": userinfo["sub"],
    "name": userinfo["name"],
    "refreshed": session.get(metadata["userinfo_endpoint"]).json()["sub"],
}
print(json.dumps(found), flush=True)
