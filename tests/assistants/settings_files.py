"""Settings as assistants and their users leave them: other servers, keys nobody here knows, comments.

The shapes are real, the content is invented.
"""

from __future__ import annotations

from typing import Final

_MCP_SERVERS: Final = """\
{
  "mcpServers": {
    "files": {
      "command": "npx",
      "args": ["-y", "files-server", "/home/me/papers"]
    }
  }
}
"""

REAL: Final = {
    "claude-desktop": """\
{
  "globalShortcut": "Ctrl+Space",
  "mcpServers": {
    "files": {
      "command": "npx",
      "args": [
        "-y",
        "files-server"
      ]
    }
  },
  "preferences": {
    "menuBarEnabled": false
  }
}
""",
    "claude-code": """\
{
  "numStartups": 41,
  "tipsHistory": {
    "new-user-warmup": 1
  },
  "projects": {
    "/home/me/reef": {
      "allowedTools": [],
      "mcpServers": {},
      "hasTrustDialogAccepted": true
    }
  },
  "mcpServers": {
    "docs": {
      "type": "http",
      "url": "https://docs.example.org/mcp"
    }
  },
  "oauthAccount": {
    "displayName": "Tr\u00efnh"
  }
}""",
    "vscode": """\
{
\t// What I use every day.
\t"servers": {
\t\t"github": {
\t\t\t"type": "http",
\t\t\t"url": "https://git.example.org/mcp",
\t\t}, // the big one
\t},
\t"inputs": [
\t\t{ "id": "key", "type": "promptString", "password": true },
\t],
}
""",
    "visual-studio": '{\r\n  "inputs": [],\r\n  "servers": {}\r\n}\r\n',
    "cursor": _MCP_SERVERS,
    "windsurf": '{"mcpServers":{"docs":{"serverUrl":"https://docs.example.org/mcp","disabled":true}}}',
    "zed": """\
// Zed settings
//
// For information on how to configure Zed, see the Zed documentation.
{
  "theme": {
    "mode": "system", // follows the desk lamp
  },
  /* servers */
  "context_servers": {
    "docs": {
      "source": "custom",
      "command": "npx",
      "args": [],
    },
  },
  "buffer_font_size": 15,
}
""",
    "codex": """\
model = "o9"
model_reasoning_effort = "high" # as the task asks

[projects."/home/me/reef"]
trust_level = "trusted"

[mcp_servers.docs]
command = "npx"
args = ["-y", "docs-server"]

[mcp_servers.docs.env]
LEVEL = "1"

[tui]
notifications = true
""",
    "gemini": """\
{
  "security": {
    "auth": {
      "selectedType": "oauth-personal"
    }
  },
  "ui": {
    "theme": "Default"
  }
}
""",
    "antigravity": '{\n    "mcpServers": {\n    }\n}\n',
    "copilot-cli": """\
{
  "mcpServers": {
    "docs": {
      "type": "http",
      "url": "https://docs.example.org/mcp",
      "headers": {},
      "tools": ["*"]
    }
  }
}""",
    "goose": """\
GOOSE_PROVIDER: anthropic
GOOSE_MODEL: large
extensions:
  # comes with it
  developer:
    bundled: true
    display_name: Developer
    enabled: true
    name: developer
    timeout: 300
    type: builtin
  docs:
    args:
    - -y
    - docs-server
    cmd: npx
    enabled: true
    env_keys: []
    envs: {}
    name: docs
    type: stdio
GOOSE_MODE: smart_approve
""",
    "lm-studio": _MCP_SERVERS,
    "continue": "",
    "junie": '{\n  "mcpServers": {}\n}\n',
    "opencode": """\
{
  "$schema": "https://opencode.ai/config.json",
  "model": "large",
  "mcp": {
    "docs": {
      "type": "remote",
      "url": "https://docs.example.org/mcp",
      "enabled": true
    }
  }
}
""",
    "cline": """\
{
  "mcpServers": {
    "docs": {
      "autoApprove": [],
      "disabled": false,
      "timeout": 60,
      "type": "stdio",
      "command": "npx",
      "args": []
    }
  }
}""",
    "roo": '{"mcpServers":{}}',
    "kiro": """\
{
  "mcpServers": {
    "fetch": {
      "command": "uvx",
      "args": ["fetch-server"],
      "disabled": true,
      "autoApprove": []
    }
  },
  "powers": {"mcpServers": {}}
}
""",
    "qwen": '{\n  "$version": 3,\n  "mcpServers": {"a": {"httpUrl": "https://a.example.org"}}\n}\n',
    "amp": '{\n  "amp.notifications.enabled": true\n}\n',
}
