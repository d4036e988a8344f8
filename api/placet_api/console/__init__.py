"""The web console: pages made on the server for people, with a little script on top."""
