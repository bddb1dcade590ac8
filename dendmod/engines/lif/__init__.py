"""engines/lif"""
