"""The audience of an install token."""

from typing import Any

import pytest

from tests.connect.protocol.made_tokens import (
    asymmetric,
    decode_hs,
    decode_rs,
    refusal,
    symmetric,
)
from tests.signing import APP_KEY, BASE_URL, MISSING


@pytest.mark.parametrize(
    ("audience", "aud"),
    [
        pytest.param(BASE_URL, BASE_URL, id="string"),
        pytest.param(BASE_URL, [BASE_URL], id="list"),
        pytest.param(BASE_URL, ["https://a.example", BASE_URL], id="second-of-two"),
        pytest.param(BASE_URL, f"{BASE_URL}/", id="slash-at-the-end"),
        pytest.param(BASE_URL, [f"{BASE_URL}/"], id="slash-at-the-end-in-a-list"),
        pytest.param(f"{BASE_URL}/", BASE_URL, id="slash-at-our-end"),
        pytest.param(BASE_URL, [1, None, {}, BASE_URL], id="among-other-types"),
        pytest.param(f"{BASE_URL}/base", f"{BASE_URL}/base", id="with-a-path"),
    ],
)
def test_an_install_meant_for_us_is_accepted(audience: str, aud: Any) -> None:
    assert decode_rs(asymmetric(aud=aud), audience=audience)["aud"] == aud


@pytest.mark.parametrize(
    "aud",
    [
        pytest.param(MISSING, id="missing"),
        pytest.param(None, id="null"),
        pytest.param("", id="empty"),
        pytest.param([], id="empty-list"),
        pytest.param([[BASE_URL]], id="list-in-a-list"),
        pytest.param({BASE_URL: 1}, id="object"),
        pytest.param([{"canary": BASE_URL}], id="object-in-a-list"),
        pytest.param(1, id="number"),
        pytest.param([1, None, True], id="other-types"),
        pytest.param("https://other.example.com", id="another"),
        pytest.param(f"{BASE_URL}//", id="two-slashes"),
        pytest.param(f"{BASE_URL}/canary", id="a-path-more"),
        pytest.param(f"{BASE_URL}.evil.example", id="longer"),
        pytest.param(f"https://evil.example/?{BASE_URL}", id="within"),
        pytest.param(APP_KEY, id="app-key"),
        pytest.param(BASE_URL[:-1], id="shorter"),
        pytest.param(BASE_URL.upper(), id="upper-case"),
        pytest.param(BASE_URL.replace("https", "http"), id="another-scheme"),
        pytest.param(f"{BASE_URL} https://other.example.com", id="two-in-a-string"),
    ],
)
def test_an_install_meant_for_another_app_is_refused(aud: Any) -> None:
    reason = refusal(decode_rs, asymmetric(aud=aud))
    assert reason == "aud is not this app's base URL"


def test_a_symmetric_token_needs_no_audience() -> None:
    for aud in (MISSING, None, ["https://other.example.com"]):
        assert decode_hs(symmetric(aud=aud))["iss"] == "client"
