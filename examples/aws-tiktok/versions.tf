terraform {
  required_version = ">= 1.9" # a variable's validation may look at another variable

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { service = var.name }
  }
}
