"""The Content-Security-Policy of our pages: a browser may run what is inside the page, nothing else."""

from __future__ import annotations

import base64
import hashlib


def inline_policy(style: str, script: str) -> str:
    """A content security policy that names the page's own style and script by their hashes."""
    allowed = f"style-src {_hash(style)}; script-src {_hash(script)}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
