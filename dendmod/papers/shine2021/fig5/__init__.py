"""papers/shine2021/fig5"""
