"""The process that kernels are forked from, as a server of a test has it: of the lessons that
nobody has asked for, it warms the first alone. The others are seldom of use before the test ends.
"""

from __future__ import annotations

import sys

from natgrad_lecture.server import fork_server

if __name__ == "__main__":
    fork_server.IDLE = 3600
    fork_server.main(int(sys.argv[1]), "--nets" in sys.argv)
