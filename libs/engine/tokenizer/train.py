"""Trains tokenizer.json beside this file.

    python3 -m venv .venv && .venv/bin/pip install tokenizers==0.22.1
    .venv/bin/python libs/engine/tokenizer/train.py            # writes tokenizer.json
    .venv/bin/python libs/engine/tokenizer/train.py --check    # exit 1 when the file is not what the script makes

Byte-level BPE in Hugging Face's format, with the pre-tokenizer layout of today's open models (a Split on a
regular expression, then ByteLevel), so that loading it takes the same path as loading theirs.
"""

import hashlib
import sys
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from grammar import documents

SEED = 2
DOCUMENTS = 40_000
VOCABULARY = 6_144
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# One digit per token; a word takes the space before it; runs of punctuation, newlines and spaces stay whole.
SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def main() -> int:
    corpus = list(documents(SEED, DOCUMENTS))
    digest = hashlib.sha256("".join(corpus).encode()).hexdigest()
    tokenizer = Tokenizer(models.BPE(byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    ))
    text = tokenizer.to_str(pretty=True) + "\n"
    target = Path(__file__).with_name("tokenizer.json")
    print(f"corpus sha256 {digest}, {len(corpus)} documents, {tokenizer.get_vocab_size()} tokens")
    if "--check" in sys.argv[1:]:
        same = target.exists() and target.read_text(encoding="utf-8") == text
        print("tokenizer.json is up to date" if same else "tokenizer.json differs: run train.py")
        return 0 if same else 1
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
