"""The query string hash: published vectors, and errors of the PyPI library."""

import pytest

from devhost.protocol.query_string_hash import canonical_request, query_string_hash

PATH_VECTORS = [
    ("/wiki/rest/a", "/wiki", "GET&/rest/a&"),
    ("/wikipedia", "/wiki", "GET&/wikipedia&"),
    ("/wiki", "/wiki", "GET&/&"),
    ("/a/", "", "GET&/a&"),
    ("//a", "", "GET&//a&"),
    ("/a:b/c", "", "GET&/a:b/c&"),
    ("/a&b?c", "", "GET&/a%26b&c="),
    ("/a%2Fb%25", "", "GET&/a%2Fb%25&"),
]


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        (
            "POST",
            "/installed",
            "4a2e1de8ca74e6cafe8862d332fa3ac7a8e51e692bc6d798ea4dfedc14948bf4",
        ),
        (
            "GET",
            "/",
            "c88caad15a1c1a900b8ac08aa9686f4e8184539bea1deda36e2f649430df3239",
        ),
        (
            "GET",
            "/path/to/service?zee_last=param&repeated=parameter 1"
            "&first=param&repeated=parameter 2",
            "e52bb281606c3bd9ca16cfe96fe2df78f5d9ffa126f06befd750dfa10fa1a897",
        ),
    ],
)
def test_the_hash_matches_the_published_vectors(
    method: str, target: str, expected: str
) -> None:
    assert query_string_hash(method, target) == expected


def test_names_are_sorted_by_code_point() -> None:
    assert (
        query_string_hash("GET", "/path/to/service?b=3&a=1&A=2&B=4&jwt=x")
        == query_string_hash("get", "/path/to/service?A=2&B=4&a=1&b=3")
        == "70282c7cf82834bd5a3d6dacda1b4ccd5cf5860a63a1fa2fb86b64d576e6a1d5"
    )


@pytest.mark.parametrize(("target", "base_path", "expected"), PATH_VECTORS)
def test_the_path_is_hashed_as_sent(target: str, base_path: str, expected: str) -> None:
    assert canonical_request("GET", target, base_path=base_path) == expected
