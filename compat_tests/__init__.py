"""The compatibility suite: the same cases on jkeras and on the real Kerases."""
