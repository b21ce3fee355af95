variable "region" {
  description = "Where the table and the bucket lie."
  type        = string
  default     = "eu-central-1"
}

variable "table" {
  description = "Of the records."
  type        = string
  default     = "playout"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.table))
    error_message = "3 to 255 of the characters A-Z a-z 0-9 _ . -"
  }
}

variable "name" {
  description = "Of the role and the policies."
  type        = string
  default     = "playout"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{3,64}$", var.name))
    error_message = "3 to 64 of the characters A-Z a-z 0-9 _ -"
  }
}

variable "bucket" {
  description = "Of the files. The name is taken by nobody else in the world."
  type        = string

  # No dots: the bucket's name is part of its host's, and AWS's certificate covers one level of names.
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "3 to 63 of the characters a-z 0-9 - without a dot."
  }
}

variable "files_prefix" {
  description = "Below it lies everything that Playout keeps in the bucket: the path in PLAYOUT_FILES_URL."
  type        = string
  default     = "videos"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]*$", var.files_prefix))
    error_message = "One name, without a slash."
  }
}

variable "runs_on" {
  description = "Who may take the role: the service that runs Playout's processes."
  type        = string
  default     = "ec2.amazonaws.com"

  validation {
    condition     = contains(["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"], var.runs_on)
    error_message = "ec2.amazonaws.com or ecs-tasks.amazonaws.com"
  }
}

variable "recovery_days" {
  description = "How far back the table can be restored. What a person had deleted can be restored for as long."
  type        = number
  default     = 7

  validation {
    condition     = var.recovery_days >= 1 && var.recovery_days <= 35
    error_message = "1 to 35 days."
  }
}

variable "pull_domain" {
  description = "A name of yours for a CDN before the bucket, from which TikTok fetches. null: it fetches from Playout."
  type        = string
  default     = null
}

variable "pull_certificate_arn" {
  description = "Certificate for pull_domain. It lies in us-east-1, wherever the bucket is: CloudFront looks there only."
  type        = string
  default     = null

  validation {
    condition     = (var.pull_domain == null) == (var.pull_certificate_arn == null)
    error_message = "pull_domain and pull_certificate_arn are set together, or neither is."
  }
}
