"""The query string hash: published vectors, Java's order, and a second library."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from atlassian_jwt.url_utils import canonicalize_request
from hypothesis import given
from hypothesis import strategies as st

from app.connect.protocol.qsh import (
    _decoded_and_encoded,
    base_path_of,
    canonical_query,
    canonical_request,
    canonicalize,
    digest,
    query_string_hash,
)
from app.connect.protocol.tokens import decode_symmetric
from app.connect.protocol.unverified_token import read_unverified_token

VECTORS = Path(__file__).parents[2] / "vectors"
SIGNED_URLS_CLOCK = 1_466_731_100


def vectors(name: str) -> list[Any]:
    """Return a parameter for each case of a vector file."""
    cases = json.loads((VECTORS / name).read_text(encoding="utf-8"))["cases"]
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.mark.parametrize("case", vectors("query-string-hash.json"))
def test_hashes_the_published_requests(case: dict[str, str]) -> None:
    base_url = "https://x.example" + case["context_path"]
    request = (case["method"], case["url"])
    assert canonical_request(*request, base_url=base_url) == case["canonical"]
    assert query_string_hash(*request, base_url=base_url) == case["qsh"]


@pytest.mark.parametrize("case", vectors("signed-urls.json"))
def test_hashes_the_published_signed_urls(case: dict[str, str]) -> None:
    for url in (case["url"], case["signedUrl"]):
        assert canonical_request(case["method"], url) == case["canonical"]
        assert query_string_hash(case["method"], url) == case["qsh"]


@pytest.mark.parametrize("case", vectors("signed-urls.json"))
def test_decodes_the_tokens_of_the_published_signed_urls(case: dict[str, Any]) -> None:
    token = case["signedUrl"].partition("jwt=")[2].partition("&")[0]
    claims, secret = decode_symmetric(
        read_unverified_token(token),
        shared_secrets=["another", case["secret"]],
        leeway=0,
        now=SIGNED_URLS_CLOCK,
    )
    assert (claims, secret) == (case["claims"], case["secret"])
    assert claims["qsh"] == query_string_hash(case["method"], case["signedUrl"])


@pytest.mark.parametrize(
    ("method", "url", "qsh"),
    [
        pytest.param(
            "GET",
            "/path/to/service?b=3&a=1&A=2&B=4",
            "70282c7cf82834bd5a3d6dacda1b4ccd5cf5860a63a1fa2fb86b64d576e6a1d5",
            id="upper-case-first",
        ),
        pytest.param(
            "POST",
            "/installed",
            "4a2e1de8ca74e6cafe8862d332fa3ac7a8e51e692bc6d798ea4dfedc14948bf4",
            id="no-query",
        ),
        pytest.param(
            "GET",
            "/path/to/service?zee_last=param&repeated=parameter%201"
            "&first=param&repeated=parameter%202",
            "e52bb281606c3bd9ca16cfe96fe2df78f5d9ffa126f06befd750dfa10fa1a897",
            id="repeated-name",
        ),
    ],
)
def test_hashes_the_vectors_of_other_languages(method: str, url: str, qsh: str) -> None:
    assert query_string_hash(method, url) == qsh


def test_the_examples_of_the_public_names_hold() -> None:
    canonical = canonical_request(
        "GET", "/path?b=1&a=2", base_url="https://app.example.com/base"
    )
    assert canonical == "GET&/path&a=2&b=1"
    qsh = query_string_hash("GET", "/path?b=1&a=2", base_url="")
    assert re.fullmatch(r"[0-9a-f]{64}", qsh)
    assert qsh == digest("GET&/path&a=2&b=1")


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("a0=1&a%3A=2", "a%3A=2&a0=1", id="names-sorted-as-encoded"),
        pytest.param("a~=1&aa=2&a%7C=3", "a%7C=3&aa=2&a~=1", id="names-tilde-last"),
        pytest.param("a-=1&a=2", "a=2&a-=1", id="names-prefix-first"),
        pytest.param("a=1&A=2", "A=2&a=1", id="names-by-code-point"),
        pytest.param(
            "v=%EF%BD%9E&v=%F0%9F%98%80",
            "v=%F0%9F%98%80,%EF%BD%9E",
            id="values-by-utf-16-unit",
        ),
        pytest.param("v=a%3Ab&v=a0", "v=a0,a%3Ab", id="values-sorted-raw"),
        pytest.param("v=b&v=a&v=b", "v=a,b,b", id="repeated-value-kept"),
        pytest.param("v=a&w=1&v=", "v=,a&w=1", id="repeated-with-an-empty-one"),
        pytest.param("v=1%2C2&v=0", "v=0,1%2C2", id="comma-in-a-value-escaped"),
        pytest.param("v=2,1", "v=2%2C1", id="raw-comma-in-a-value-escaped"),
        pytest.param(
            "ids[]=2&ids[]=1", "ids%5B%5D=1,2", id="brackets-and-repeated-name"
        ),
        pytest.param("f[b]=2&f[a]=1", "f%5Ba%5D=1&f%5Bb%5D=2", id="brackets-are-data"),
        pytest.param(
            "&".join(f"v={number}" for number in range(25)),
            "v=" + ",".join(sorted(map(str, range(25)))),
            id="many-repeats",
        ),
        pytest.param("a%2D=1&a-=2", "a-=1,2", id="one-name-in-two-spellings"),
        pytest.param("=v&a=1", "=v&a=1", id="empty-name"),
        pytest.param("=", "=", id="nothing-but-an-equals-sign"),
        pytest.param("a", "a=", id="name-without-a-value"),
        pytest.param("a=", "a=", id="empty-value"),
        pytest.param("a=1&&b=2&", "a=1&b=2", id="empty-parts"),
        pytest.param("a=%ff", "a=%EF%BF%BD", id="not-utf-8"),
        pytest.param("a=%zz", "a=%25zz", id="not-an-escape"),
        pytest.param("a=%4&b=%", "a=%254&b=%25", id="cut-escape"),
        pytest.param("a=%zz&b=%20", "a=%25zz&b=%20", id="bad-and-good-escapes"),
        pytest.param("__proto__=1", "__proto__=1", id="proto"),
        pytest.param("x=1;y=2", "x=1%3By%3D2", id="semicolon-is-data"),
        pytest.param("q=a=b", "q=a%3Db", id="equals-sign-in-a-value"),
        pytest.param("q=!'()*", "q=%21%27%28%29%2A", id="sub-delimiters"),
        pytest.param("q=a+b", "q=a%20b", id="plus-is-a-space"),
        pytest.param("q=a%2Bb", "q=a%2Bb", id="escaped-plus"),
        pytest.param("q=%7e%41", "q=~A", id="needless-escapes-undone"),
        pytest.param("q=%7E", "q=~", id="upper-case-needless-escape"),
        pytest.param("q=%2D%2E%5F%61", "q=-._a", id="escaped-unreserved"),
        pytest.param("q=%c3%a9", "q=%C3%A9", id="lower-case-hex"),
        pytest.param("q=é", "q=%C3%A9", id="raw-non-ascii"),
        pytest.param("q=%7F%00", "q=%7F%00", id="control-characters"),
        pytest.param("a=1&jwt=x.y.z", "a=1", id="jwt-dropped"),
        pytest.param("jwt=1&a=1&jwt=2", "a=1", id="every-jwt-dropped"),
        pytest.param("a=+&jwt=1", "a=%20", id="jwt-dropped-where-all-is-decoded"),
        pytest.param("jwt", "", id="bare-jwt-dropped"),
        pytest.param("%6Awt=1&a=1", "a=1", id="escaped-jwt-dropped"),
        pytest.param("JWT=1", "JWT=1", id="upper-case-jwt-kept"),
        pytest.param("jwt2=1&jw=2&xjwt=3", "jw=2&jwt2=1&xjwt=3", id="near-jwt-kept"),
    ],
)
def test_a_query_is_canonicalized_as_java_does(query: str, canonical: str) -> None:
    assert canonical_query(query) == canonical


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("/", "/", id="root"),
        pytest.param("/a/", "/a", id="slash-at-the-end"),
        pytest.param("/a//", "/a", id="slashes-at-the-end"),
        pytest.param("//a", "//a", id="slashes-at-the-start"),
        pytest.param("//", "/", id="nothing-but-slashes"),
        pytest.param("/a//b", "/a//b", id="slashes-within"),
        pytest.param("/a&b", "/a%26b", id="ampersand"),
        pytest.param("/a%26b", "/a%26b", id="escaped-ampersand"),
        pytest.param("/a%2Fb%20c", "/a%2Fb%20c", id="escapes-kept"),
        pytest.param("/a%2fb", "/a%2fb", id="lower-case-hex-kept"),
        pytest.param("/a+b;c=d:e@f,g", "/a+b;c=d:e@f,g", id="punctuation-kept"),
        pytest.param("/a=b", "/a=b", id="equals-sign-kept"),
        pytest.param("/a?", "/a", id="empty-query"),
        pytest.param("https://x.example", "/", id="absolute-without-a-path"),
        pytest.param("https://x.example/", "/", id="absolute-root"),
        pytest.param("https://x.example/a/b", "/a/b", id="absolute"),
        pytest.param("https://x.example//a", "//a", id="absolute-with-two-slashes"),
        pytest.param("https://x.example:8443/a", "/a", id="absolute-with-a-port"),
        pytest.param("https://x.example/a#f/g", "/a", id="absolute-with-a-fragment"),
        pytest.param("https://x.example#f", "/", id="absolute-fragment-only"),
    ],
)
def test_a_path_is_taken_as_sent(url: str, path: str) -> None:
    assert canonical_request("GET", url) == f"GET&{path}&"


def test_an_absolute_url_without_a_path_may_have_a_query() -> None:
    assert canonical_request("GET", "https://x.example?a=1") == "GET&/&a=1"


def test_a_second_question_mark_is_part_of_the_query() -> None:
    assert canonical_request("GET", "/a?b=c?d") == "GET&/a&b=c%3Fd"


def test_a_decoded_path_may_hold_a_question_mark() -> None:
    assert canonicalize("GET", "/a?b", "c=1", base_path="") == "GET&/a?b&c=1"


def test_the_method_is_in_upper_case() -> None:
    assert canonical_request("post", "/installed") == "POST&/installed&"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("/wiki/x", "/x", id="below"),
        pytest.param("/wiki", "/", id="the-base-path-itself"),
        pytest.param("/wiki/", "/", id="the-base-path-with-a-slash"),
        pytest.param("/wikipedia/x", "/wikipedia/x", id="no-segment-boundary"),
        pytest.param("/x/wiki/y", "/x/wiki/y", id="not-at-the-start"),
        pytest.param("/wiki/wiki/x", "/wiki/x", id="only-once"),
        pytest.param("/WIKI/x", "/WIKI/x", id="another-case"),
        pytest.param("/x", "/x", id="stripped-before"),
        pytest.param("https://x.example/wiki/x", "/x", id="absolute"),
    ],
)
@pytest.mark.parametrize(
    "base_url",
    ["https://x.example/wiki", "https://x.example/wiki/", "https://x.example/wiki//"],
)
def test_the_base_path_is_stripped_on_a_segment_boundary(
    url: str, path: str, base_url: str
) -> None:
    assert canonical_request("GET", url, base_url=base_url) == f"GET&{path}&"


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        pytest.param("", "", id="none"),
        pytest.param("https://x.example", "", id="no-path"),
        pytest.param("https://x.example/", "", id="a-slash"),
        pytest.param("https://x.example/a/b/", "/a/b", id="segments"),
    ],
)
def test_a_base_path_ends_in_no_slash(base_url: str, path: str) -> None:
    assert base_path_of(base_url) == path


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param("a", id="relative"),
        pytest.param("?a=1", id="query-only"),
        pytest.param("://x.example/a", id="no-scheme"),
        pytest.param("x y://z/a", id="no-plain-scheme"),
        pytest.param("https:/x.example/a", id="one-slash"),
    ],
)
def test_a_relative_url_has_no_hash(url: str) -> None:
    with pytest.raises(ValueError, match="absolute or starts with '/'"):
        query_string_hash("GET", url)


# Where the library is right. It strips every slash at both ends of a path, reads
# "x:" in front of one as a scheme and moves ";..." to its end; and it sorts the
# values of one name by code points, which differs from UTF-16 units only beyond
# U+FFFF. The table above has those.
_SEGMENT = st.text("abzAZ09-._~!$&'()*+,=@%", min_size=1, max_size=6)
_PATHS = st.lists(_SEGMENT, max_size=4).map(lambda parts: "/" + "/".join(parts))
_TEXT = st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=5
)
_PAIRS = st.tuples(
    st.sampled_from(["a", "b", "a:", "jwt", "JWT", ""]) | _TEXT, _TEXT
).map(lambda pair: f"{quote(pair[0], safe='~')}={quote(pair[1], safe='')}")
# Sent by somebody else's encoder, or by somebody with bad intentions. No escape
# of four bytes, for that is a character beyond U+FFFF.
_RAW = st.lists(
    st.sampled_from(
        ["a", "b", "Z", "0", "-", "~", "=", "+", ",", ";", "[", "]", "*", "!", "/"]
        + ["%", "%2", "%zz", "%41", "%2c", "%2C", "%7e", "%ff", "%C3%A9", "%c3", "jwt"]
    ),
    max_size=8,
).map("".join)
_QUERIES = st.lists(_PAIRS | _RAW, max_size=6).map("&".join)


@given(st.sampled_from(["GET", "POST", "put", "DELETE"]), _PATHS, _QUERIES)
def test_agrees_with_the_second_library(method: str, path: str, query: str) -> None:
    url = f"{path}?{query}"
    assert canonical_request(method, url) == canonicalize_request(method, url)


# Made of what the fast path lets through and what it only just does not.
_NEARLY_CANONICAL = st.lists(
    st.sampled_from(
        ["a", "b", "-", ".", "~", "=", "&", "&a=", "&b=", "&a-=", "&jwt=", "&jwt"]
        + ["%20", "%2C", "%3D", "%26", "%7C", "%00", "%7F"]
        + ["%2c", "%2D", "%7E", "%5F", "%41", "%80", "%C3%A9", "%", "+", ","]
    ),
    max_size=12,
).map("".join)


@given(_NEARLY_CANONICAL | _QUERIES)
def test_the_fast_path_agrees_with_the_slow_one(query: str) -> None:
    parts = [part for part in query.split("&") if part]
    assert canonical_query(query) == _decoded_and_encoded(parts)


@given(st.text(), st.text(), st.text(), st.text())
def test_no_text_is_too_odd_to_hash(
    method: str, path: str, query: str, base: str
) -> None:
    canonical = canonicalize(method, path, query, base_path=base)
    assert re.fullmatch(r"[0-9a-f]{64}", digest(canonical))


@given(st.text(st.characters(codec=None)))
def test_a_lone_surrogate_can_be_hashed(query: str) -> None:
    odd = f"a=\ud800{query}&a=%41&\udfff=1"
    canonical = canonicalize("GET", f"/\ud800{query}", odd, base_path="")
    assert re.fullmatch(r"[0-9a-f]{64}", digest(canonical))
