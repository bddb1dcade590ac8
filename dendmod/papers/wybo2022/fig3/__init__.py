"""papers/wybo2022/fig3"""
