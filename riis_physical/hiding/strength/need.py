"""How much of a message a capture must show for this reader to read it.

In bits a module (see :class:`riis_physical.hiding.strength.draws.Seen`): what it takes to say the
message, spread over the modules of the code, and an overhead for decoders that are not ideal.
Messages that the reader finds likely need less, and messages of a list next to nothing.
"""

from __future__ import annotations

from math import log2

from riis_physical.qr.code.encode import QrCode
from riis_physical.qr.code.structure import blocks, codeword_count
from riis_physical.qr.prior.message_prior import message_log2
from riis_physical.qr.soft.evidence import MESSAGE_BITS
from riis_physical.qr.soft.knowledge import Knowledge

NEEDED = 0.515
"""Bits a module at which half of the draws of a message of random bytes are read."""
OVERHEAD = 0.235
"""Bits a module beyond those of the message: from the shares of wrong modules at which soft
reading reads half (`results/soft-reading.json`), and from draws that were read
(`riis-physical measure strength`)."""
ONE_BLOCK_OVERHEAD = 0.19
"""The same for codes of one block (of those that `encode` makes, versions 1 and 2): no second
block has to be read as well."""
LIST_OVERHEAD = 0.02
"""The same for a message of a list, which decoders do not have to find."""


def needed_information(code: QrCode, knowledge: Knowledge) -> float:
    """Bits a module at which half of the captures of a code are read.

    Args:
        code: of the message.
        knowledge: what its readers know.
    """
    modules = 8 * codeword_count(code.version)
    if knowledge.among is not None and code.payload in knowledge.among:
        return (log2(len(knowledge.among)) + MESSAGE_BITS) / modules + LIST_OVERHEAD
    bits = -message_log2(code.payload, code.version, code.level, knowledge.prefixes)
    one = len(blocks(code.version, code.level)) == 1
    return min(NEEDED, bits / modules + (ONE_BLOCK_OVERHEAD if one else OVERHEAD))
