"""Our account of enrollments: `status` alone writes their status, `rereads` requests reads."""
