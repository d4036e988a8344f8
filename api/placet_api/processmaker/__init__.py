"""`/api/1.0/{workspace}`: roles, users and groups as clients of ProcessMaker 3.x know them."""
