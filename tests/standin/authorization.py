"""The authorization host: tokens, and the page where a person allows or denies."""

import base64
import binascii
import html
import json
import re
import urllib.parse

from answer import Reply
from service import Refusal

VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
# RFC 8252, 7.3: a loopback redirect may name any port.
REDIRECT = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost)(:[0-9]{1,5})?/[^#]*")

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
<h1>Stand-in service</h1>
<p>An application asks to license and download pictures in your name.</p>
<form method="post" action="/oauth2/auth">{fields}
<button id="allow" name="decision" value="allow">Allow</button>
<button id="deny" name="decision" value="deny">Deny</button>
</form></body></html>
"""


def add_routes(service, scenario, tokens, urls):
    host = Authorization(scenario, tokens, urls)
    service.add("auth", "POST", "/oauth2/token", "token", host.token)
    service.add("auth", "GET", "/oauth2/auth", "authorize", host.ask)
    service.add("auth", "POST", "/oauth2/auth", "authorize", host.decide)
    service.add("auth", "GET", "/.well-known/oauth-authorization-server", "metadata", host.metadata)


def _json(status, value, headers=()):
    no_store = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    return Reply(status, [*no_store, *headers], json.dumps(value))


def _refuse(status, error, description, headers=()):
    raise Refusal(_json(status, {"error": error, "error_description": description}, headers))


def _form(text):
    try:
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        _refuse(400, "invalid_request", "The form cannot be read")
    if len(dict(pairs)) != len(pairs):
        _refuse(400, "invalid_request", "A field is given twice")
    return dict(pairs)


class Authorization:
    def __init__(self, scenario, tokens, urls):
        self._scenario, self._tokens, self._urls = scenario, tokens, urls

    # The token endpoint

    def token(self, request):
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            _refuse(400, "invalid_request", "The body must be a form")
        if request.query:
            _refuse(400, "invalid_request", "Fields belong into the body")
        form = _form(request.body.decode("latin-1"))
        client, confidential = self._client(request, form)
        grant = form.get("grant_type")
        if grant == "client_credentials":
            if not confidential:
                _refuse(400, "unauthorized_client", "A public client cannot use this grant")
            access, refresh = self._tokens.issue(client, False)
        elif grant == "authorization_code":
            verifier = self._needed(form, "code_verifier")
            if not VERIFIER.fullmatch(verifier):
                _refuse(400, "invalid_request", "code_verifier is not one")
            if not self._tokens.redeem(self._needed(form, "code"), client, self._needed(form, "redirect_uri"), verifier):
                _refuse(400, "invalid_grant", "The code is unknown, used, expired or meant for another request")
            access, refresh = self._tokens.issue(client, True)
        elif grant == "refresh_token":
            pair = self._tokens.refresh(self._needed(form, "refresh_token"), client)
            if pair is None:
                _refuse(400, "invalid_grant", "The refresh token is unknown or used")
            access, refresh = pair
        else:
            _refuse(400, "unsupported_grant_type" if grant else "invalid_request", "No such grant")
        settings = self._scenario.settings
        life = settings["token_life"] if settings["expires_in"] is None else settings["expires_in"]
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": life}
        if refresh:
            answer["refresh_token"] = refresh
        return _json(200, answer)

    def _client(self, request, form):
        """Who asks, and whether by a secret. A public client that sends one is refused, as any wrong secret is."""
        settings = self._scenario.settings
        client, secret = form.get("client_id"), form.get("client_secret")
        challenge = []
        if "authorization" in request.headers:
            challenge = [("WWW-Authenticate", 'Basic realm="token"')]
            if secret is not None:
                _refuse(400, "invalid_request", "Two ways of authentication at once")
            scheme, _, value = request.headers["authorization"].partition(" ")
            try:
                pair = base64.b64decode(value, validate=True).decode() if scheme.lower() == "basic" else ""
            except (binascii.Error, UnicodeDecodeError):
                pair = ""
            named, colon, secret = (urllib.parse.unquote_plus(part) for part in pair.partition(":"))
            if not colon or client not in (None, named):
                _refuse(401, "invalid_client", "Client authentication failed", challenge)
            client = named
        if client == settings["public_api_key"] and secret is None:
            return client, False
        if client == settings["api_key"] and secret == settings["client_secret"]:
            return client, True
        return _refuse(401, "invalid_client", "Client authentication failed", challenge)

    @staticmethod
    def _needed(form, name):
        if not form.get(name):
            _refuse(400, "invalid_request", name + " is missing")
        return form[name]

    # The page

    def ask(self, request):
        fields = self._request_fields(request.query)
        consent = self._scenario.settings["consent"]
        if consent != "ask":
            return self._back(fields, consent)
        hidden = "".join(f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">' for name, value in fields.items())
        return Reply(200, [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")], PAGE.format(fields=hidden))

    def decide(self, request):
        fields = _form(request.body.decode("latin-1"))
        decision = fields.pop("decision", "deny")
        return self._back(self._request_fields(urllib.parse.urlencode(fields)), decision)

    def _request_fields(self, query):
        """The checked fields. What does not prove where the answer may go is told to the person, not sent anywhere."""
        settings = self._scenario.settings
        fields = _form(query)
        if fields.get("client_id") not in (settings["api_key"], settings["public_api_key"]):
            _refuse(400, "invalid_request", "client_id is unknown")
        if not REDIRECT.fullmatch(fields.get("redirect_uri", "")):
            _refuse(400, "invalid_request", "redirect_uri is not registered")
        if fields.get("response_type") != "code":
            raise Refusal(self._redirect(fields, error="unsupported_response_type"))
        if fields.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(fields.get("code_challenge", "")):
            raise Refusal(self._redirect(fields, error="invalid_request", error_description="PKCE with S256 is required"))
        return fields

    def _back(self, fields, decision):
        if decision != "allow":
            return self._redirect(fields, error="access_denied")
        return self._redirect(fields, code=self._tokens.code(fields["client_id"], fields["redirect_uri"], fields["code_challenge"]))

    @staticmethod
    def _redirect(fields, **answer):
        if "state" in fields:
            answer["state"] = fields["state"]
        joint = "&" if "?" in fields["redirect_uri"] else "?"
        return Reply(303, [("Location", fields["redirect_uri"] + joint + urllib.parse.urlencode(answer)), ("Cache-Control", "no-store")])

    def metadata(self, _):
        base = self._urls["auth_url"]
        return _json(200, {
            "issuer": base, "authorization_endpoint": base + "/oauth2/auth", "token_endpoint": base + "/oauth2/token",
            "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        })
