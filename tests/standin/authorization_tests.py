import base64
import html
import re
import urllib.parse

from shared_service import ServiceTest
from tokens import challenge_of

VERIFIER = "v" * 43
REDIRECT = "http://127.0.0.1:5000/callback"


class Secrets(ServiceTest):
    def refused(self, answer, status, error):
        self.assertEqual((status, error), (answer.status, answer.json()["error"]))

    def test_client_credentials_by_form_and_by_basic(self):
        said = self.service.said
        answer = self.service.sign_in()
        self.assertEqual("no-store", answer.header("Cache-Control"))
        self.assertEqual({"access_token", "token_type", "expires_in"}, set(answer.json()))
        self.assertEqual(("Bearer", 1800), (answer.json()["token_type"], answer.json()["expires_in"]))
        pair = ":".join(urllib.parse.quote_plus(said[name]) for name in ("api_key", "client_secret"))
        basic = ("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
        self.assertEqual(200, self.service.form({"grant_type": "client_credentials"}, [basic]).status)
        both = {"grant_type": "client_credentials", "client_secret": said["client_secret"]}
        self.refused(self.service.form(both, [basic]), 400, "invalid_request")

    def test_what_is_refused(self):
        said, service = self.service.said, self.service
        right = {"grant_type": "client_credentials", "client_id": said["api_key"], "client_secret": said["client_secret"]}
        self.refused(service.form({**right, "client_secret": "x"}), 401, "invalid_client")
        self.refused(service.form({**right, "grant_type": "password"}), 400, "unsupported_grant_type")
        self.refused(service.form({"grant_type": "client_credentials", "client_id": said["public_api_key"]}), 400, "unauthorized_client")
        self.refused(service.form({**right, "client_id": said["public_api_key"]}), 401, "invalid_client")
        # The secret as it stands, not encoded: its own characters break the form.
        raw = f"grant_type=client_credentials&client_id={said['api_key']}&client_secret={said['client_secret']}"
        answer = service.request("POST", "/oauth2/token", [("Content-Type", "application/x-www-form-urlencoded")], raw, "auth")
        self.refused(answer, 400, "invalid_request")
        answer = service.request("POST", "/oauth2/token", [("Content-Type", "application/json")], "{}", "auth")
        self.refused(answer, 400, "invalid_request")

    def test_a_secret_changed_on_the_server(self):
        self.service.control(do="secret", value="new")
        self.assertEqual(401, self.service.form({"grant_type": "client_credentials", "client_id": self.service.said["api_key"],
                                                 "client_secret": self.service.said["client_secret"]}).status)

    def test_odd_lives(self):
        self.rules(expires_in="1800")
        self.assertEqual("1800", self.service.sign_in().json()["expires_in"])

    def test_metadata(self):
        answer = self.service.request("GET", "/.well-known/oauth-authorization-server", listener="auth").json()
        self.assertEqual(self.service.said["auth_url"] + "/oauth2/token", answer["token_endpoint"])


class Pages(ServiceTest):
    def fields(self, **changes):
        return {"client_id": self.service.said["public_api_key"], "response_type": "code", "redirect_uri": REDIRECT, "state": "s&t",
                "code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256", **changes}

    def ask(self, **changes):
        return self.service.request("GET", "/oauth2/auth?" + urllib.parse.urlencode(self.fields(**changes)), listener="auth")

    def back(self, answer):
        self.assertEqual(303, answer.status)
        address, _, query = answer.header("Location").partition("?")
        self.assertEqual(REDIRECT, address)
        return dict(urllib.parse.parse_qsl(query))

    def decide(self, decision):
        page = self.ask()
        self.assertEqual(200, page.status)
        for button in (b'id="allow"', b'id="deny"'):
            self.assertIn(button, page.body)
        hidden = re.findall(r'name="([^"]*)" value="([^"]*)">', page.body.decode())
        form = {html.unescape(name): html.unescape(value) for name, value in hidden if name != "decision"}
        return self.back(self.service.form({**form, "decision": decision}, path="/oauth2/auth"))

    def redeem(self, code, **changes):
        return self.service.form({"grant_type": "authorization_code", "client_id": self.service.said["public_api_key"], "code": code,
                                  "redirect_uri": REDIRECT, "code_verifier": VERIFIER, **changes})

    def test_allow_then_code_then_tokens_then_refresh(self):
        answer = self.decide("allow")
        self.assertEqual("s&t", answer["state"])
        tokens = self.redeem(answer["code"]).json()
        headers = [("Api-Key", self.service.said["public_api_key"]), ("Authorization", "Bearer " + tokens["access_token"])]
        self.assertEqual(200, self.service.request("GET", "/v3/products", headers).status)
        self.assertEqual("invalid_grant", self.redeem(answer["code"]).json()["error"])
        refresh = {"grant_type": "refresh_token", "client_id": self.service.said["public_api_key"],
                   "refresh_token": tokens["refresh_token"]}
        new = self.service.form(refresh).json()
        self.assertNotEqual(tokens["refresh_token"], new["refresh_token"])
        self.assertEqual("invalid_grant", self.service.form(refresh).json()["error"])
        self.rules(rotate_refresh=False)
        refresh["refresh_token"] = new["refresh_token"]
        for _ in range(2):
            self.assertNotIn("refresh_token", self.service.form(refresh).json())

    def test_deny(self):
        self.assertEqual({"error": "access_denied", "state": "s&t"}, self.decide("deny"))

    def test_consent_without_a_page(self):
        self.rules(consent="allow")
        self.assertIn("code", self.back(self.ask()))
        self.rules(consent="deny")
        self.assertEqual("access_denied", self.back(self.ask())["error"])

    def test_a_code_is_bound_to_its_request(self):
        self.rules(consent="allow")
        for change in ({"code_verifier": "w" * 43}, {"redirect_uri": REDIRECT + "2"}, {"client_id": self.service.said["api_key"],
                                                                                     "client_secret": self.service.said["client_secret"]}):
            self.assertEqual("invalid_grant", self.redeem(self.back(self.ask())["code"], **change).json()["error"])
        self.assertEqual("invalid_client", self.redeem(self.back(self.ask())["code"], client_secret="x").json()["error"])
        self.assertEqual("invalid_request", self.redeem(self.back(self.ask())["code"], code_verifier="short").json()["error"])

    def test_what_the_page_refuses(self):
        for change in ({"client_id": "x"}, {"redirect_uri": "https://example.org/"}, {"redirect_uri": "http://127.0.0.1.example.org/"}):
            self.assertEqual(400, self.ask(**change).status)
        for change in ({"code_challenge_method": "plain"}, {"code_challenge": ""}, {"response_type": "token"}):
            self.assertIn("error", self.back(self.ask(**change)))
