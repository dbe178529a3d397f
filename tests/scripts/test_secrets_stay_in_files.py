"""A file that is no table or tape is refused without a word of its content: `--data .env` must not show a secret."""

import pytest

from skills_lib.settings import Settings
from tests.command import Command

SECRET = "canary5512"
FILES = {
    "one line": f"BINANCE_API_KEY={SECRET}\n",
    "several lines": f"A=1\nSECRET={SECRET}\n",
    "commas": f"KEY={SECRET},b\nc,d\n",
    "a header": f"open_time,open,{SECRET}\n2024-01-01,1,2\n",
    "quotes": f'export KEY="{SECRET}"; KEY2="x"\n',
    "a tab": f"key\t{SECRET}\n",
    "JSON": f'{{"key": "{SECRET}"}}\n',
    "a link in the first line": f"https://example.org/{SECRET}\n{SECRET},b\n",
    "a private key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----\n",
}
READERS = {
    "check": ("data", "check", "--data", "FILE"),
    "import": ("data", "import", "FILE", "--symbol", "BTC", "--timeframe", "1h"),
    "test": ("test-strategy", "BTC", "1h", "sma_crossover", "--data", "FILE"),
    "optimize": ("optimize", "sma_crossover", "BTC", "1h", "--data", "FILE"),
    "tape check": ("tape", "check", "FILE"),
    "tape info": ("tape", "info", "FILE"),
    "simulate": ("simulate", "--tape", "FILE"),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_the_content_of_a_file_is_not_in_its_refusal(
    twokey: Command, workspace: Settings, reader: tuple[str, ...], text: str
) -> None:
    file = workspace.home / ".env"
    file.write_text(text, encoding="utf-8")
    done = twokey(*(str(file) if word == "FILE" else word for word in reader))
    assert done.out + done.err
    assert SECRET not in done.out + done.err
