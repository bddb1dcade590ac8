"""papers/shine2021/fig3"""
