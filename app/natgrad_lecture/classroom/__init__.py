"""A class: one lecturer, and many who follow on their own devices and answer questions.

The lecturer's kernel computes each picture once. The server takes its answer as it passes, packs it
once and sends the same bytes to every follower, who therefore needs no kernel. Nothing is known of
a follower but a random token, nothing is kept on disk, and all of it ends with the class.

- ``codes``: the lecturer's token, the class's code, the devices' tokens.
- ``limits``: how often something may be tried.
- ``messages``: what is said, packed once for all.
- ``pictures``: the lecturer's answer as followers get it.
- ``pose``: what is read of what the lecturer's page does beside its picture.
- ``questions``: a question, its rounds, their counts.
- ``room``: one class, and who is in it.
- ``hub``: all classes of a server.
- ``counts``: the counts as a file.

Here is no socket: ``natgrad_lecture.server.class_handlers`` has them.
"""
