// A login with go-oidc and golang.org/x/oauth2.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

type found struct {
	Sub       string `json:"sub"`
	Name      string `json:"name"`
	Refreshed string `json:"refreshed"`
	Logout    string `json:"logout"`
}

func main() {
	if err := login(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func login(ctx context.Context) error {
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	if err != nil {
		return err
	}
	config := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  os.Getenv("REDIRECT_URI"),
		Scopes:       []string{oidc.ScopeOpenID, "profile", oidc.ScopeOfflineAccess, "notes.read"},
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	fmt.Println(config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))

	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return err
	}
	back, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		return err
	}
	if back.Query().Get("state") != state {
		return errors.New("another state")
	}
	token, err := config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return err
	}
	return report(ctx, provider, config, token, nonce)
}

func report(ctx context.Context, provider *oidc.Provider, config oauth2.Config, token *oauth2.Token, nonce string) error {
	raw, _ := token.Extra("id_token").(string)
	idToken, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return err
	}
	if idToken.Nonce != nonce {
		return errors.New("another nonce")
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return err
	}
	var names struct {
		Name string `json:"name"`
	}
	if err := info.Claims(&names); err != nil {
		return err
	}
	// one that has expired is refreshed
	token.Expiry = time.Now().Add(-time.Minute)
	refreshed, err := provider.UserInfo(ctx, config.TokenSource(ctx, token))
	if err != nil {
		return err
	}
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return err
	}
	query := url.Values{"id_token_hint": {raw}, "post_logout_redirect_uri": {os.Getenv("SIGNED_OUT_URI")}}
	logout := metadata.EndSession + "?" + query.Encode()
	return json.NewEncoder(os.Stdout).Encode(found{idToken.Subject, names.Name, refreshed.Subject, logout})
}
