"""papers/wybo2022/figS3"""
