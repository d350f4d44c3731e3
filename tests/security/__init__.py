"""What somebody who has copied everything can read, and what a breach gives away."""
