"""Where students' code runs: the strongest isolation that this machine offers.

From the best down: a preloaded process forked into namespaces ("namespaces"), a real kernel inside
bubblewrap ("bwrap"), and only when asked for, a plain process with limits ("unsandboxed").
"""
