# The table, the bucket, what may be done with them, and (if you like) a CDN before the bucket.

# ── the table ────────────────────────────────────────────────────────────────────────────────────
#
# As `playout migrate` would make it: playout.storage.dynamodb.schema, and a test compares the two.

resource "aws_dynamodb_table" "playout" {
  name         = var.table
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
  range_key    = "SK"

  # It is the only place where users, posts and receipts are: neither Terraform nor anybody else removes it in passing.
  deletion_protection_enabled = true

  lifecycle {
    prevent_destroy = true
  }

  attribute {
    name = "PK"
    type = "S"
  }
  attribute {
    name = "SK"
    type = "S"
  }
  attribute {
    name = "due_pk"
    type = "S"
  }
  attribute {
    name = "due_sk"
    type = "S"
  }
  attribute {
    name = "channel_pk"
    type = "S"
  }
  attribute {
    name = "state_pk"
    type = "S"
  }
  attribute {
    name = "planned_pk"
    type = "S"
  }
  attribute {
    name = "planned_sk"
    type = "S"
  }
  attribute {
    name = "named_pk"
    type = "S"
  }

  global_secondary_index {
    name               = "due"
    hash_key           = "due_pk"
    range_key          = "due_sk"
    projection_type    = "INCLUDE"
    non_key_attributes = ["channel_id", "due_at", "version"]
  }
  global_secondary_index {
    name            = "channel"
    hash_key        = "channel_pk"
    range_key       = "SK"
    projection_type = "KEYS_ONLY"
  }
  global_secondary_index {
    name            = "state"
    hash_key        = "state_pk"
    range_key       = "SK"
    projection_type = "KEYS_ONLY"
  }
  global_secondary_index {
    name            = "planned"
    hash_key        = "planned_pk"
    range_key       = "planned_sk"
    projection_type = "KEYS_ONLY"
  }
  global_secondary_index {
    name            = "named"
    hash_key        = "named_pk"
    range_key       = "SK"
    projection_type = "KEYS_ONLY"
  }

  # A broom for what has ended; nothing waits for it.
  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = var.recovery_days
  }

  # AWS's own key of this account, so that its uses stand in CloudTrail. Tokens are sealed by Playout besides.
  server_side_encryption {
    enabled = true
  }
}

# ── the bucket ───────────────────────────────────────────────────────────────────────────────────

resource "aws_s3_bucket" "files" {
  bucket = var.bucket

  # Another name or another region would mean another bucket, and the end of this one.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "files" {
  bucket                  = aws_s3_bucket.files.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# Said outright, so that it does not change unseen: with versions, a file that a person deleted would still be there, and
# a copy that is deleted to switch an attempt off could still be fetched by its version.
resource "aws_s3_bucket_versioning" "files" {
  bucket = aws_s3_bucket.files.id

  versioning_configuration {
    status = "Disabled"
  }
}

# A net, about a day slow: Playout looks after both by itself, every six hours. No rule removes a video: only the records
# know whether it is in use.
resource "aws_s3_bucket_lifecycle_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    id     = "unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  rule {
    id     = "copies-for-platforms"
    status = "Enabled"

    # An attempt is over within two days, whatever became of it.
    filter {
      prefix = "${var.files_prefix}/pull/"
    }

    expiration {
      days = 3
    }
  }
}

data "aws_iam_policy_document" "tls_only" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.files.arn, "${aws_s3_bucket.files.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "files" {
  bucket = aws_s3_bucket.files.id
  policy = data.aws_iam_policy_document.tls_only.json

  depends_on = [aws_s3_bucket_public_access_block.files] # the two changed at once get in each other's way
}

# ── what Playout may do ──────────────────────────────────────────────────────────────────────────

data "aws_iam_policy_document" "playout" {
  # Reads and writes in a transaction are asked for by these names too. No Scan: nothing needs one. Nothing that makes,
  # changes or removes the table: that is done here (README, "If Playout is to make the table").
  statement {
    sid = "Records"
    actions = [
      "dynamodb:BatchGetItem",
      "dynamodb:BatchWriteItem",
      "dynamodb:ConditionCheckItem",
      "dynamodb:DeleteItem",
      "dynamodb:DescribeTable",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
    ]
    resources = [aws_dynamodb_table.playout.arn]
  }

  statement {
    sid       = "Indexes"
    actions   = ["dynamodb:Query"]
    resources = ["${aws_dynamodb_table.playout.arn}/index/*"]
  }

  # A copy for a platform is a GetObject and a PutObject. HEAD is a GetObject.
  statement {
    sid = "Files"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:PutObject",
    ]
    resources = ["${aws_s3_bucket.files.arn}/${var.files_prefix}/*"]
  }

  # Also what makes S3 say 404 of a file that is gone; without it that is a 403, which means a wrong key to Playout. S3 holds
  # the file's own path against the condition then.
  statement {
    sid       = "WhatIsThere"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.files.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.files_prefix}/*"]
    }
  }

  # By itself: S3 knows no condition on the prefix for it.
  statement {
    sid       = "UnfinishedUploads"
    actions   = ["s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.files.arn]
  }
}

resource "aws_iam_policy" "playout" {
  name        = var.name
  description = "What Playout does with its table and its bucket."
  policy      = data.aws_iam_policy_document.playout.json
}

data "aws_iam_policy_document" "runs_on" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [var.runs_on]
    }
  }
}

resource "aws_iam_role" "playout" {
  name               = var.name
  description        = "Taken by the processes of Playout."
  assume_role_policy = data.aws_iam_policy_document.runs_on.json
}

resource "aws_iam_role_policy_attachment" "playout" {
  role       = aws_iam_role.playout.name
  policy_arn = aws_iam_policy.playout.arn
}

resource "aws_iam_instance_profile" "playout" {
  count = var.runs_on == "ec2.amazonaws.com" ? 1 : 0

  name = var.name
  role = aws_iam_role.playout.name
}

# ── a CDN before the bucket (PLAYOUT_PULL_URL_BASE) ──────────────────────────────────────────────
#
# It adds a name of yours, and nothing else: what may be fetched, and until when, is in the signature that each address
# carries, and S3 checks it. That signature is over the bucket's regional host, the path and the query:
# - so the origin is that host, which CloudFront then sends as Host; the viewer's is not handed on,
# - all of the query is,
# - and no path is put before (no origin_path; PLAYOUT_PULL_URL_BASE has no path either).
# No origin access control: CloudFront would sign in its own name, over the signature that is there, and whoever knows a
# path would be served.

data "aws_cloudfront_cache_policy" "none" {
  count = var.pull_domain == null ? 0 : 1

  name = "Managed-CachingDisabled"
}

resource "aws_cloudfront_origin_request_policy" "signature" {
  count = var.pull_domain == null ? 0 : 1

  name    = "${var.name}-signature"
  comment = "Hands the signature on, and nothing else of the viewer."

  query_strings_config {
    query_string_behavior = "all"
  }
  headers_config {
    header_behavior = "none"
  }
  cookies_config {
    cookie_behavior = "none"
  }
}

resource "aws_cloudfront_distribution" "pull" {
  count = var.pull_domain == null ? 0 : 1

  comment         = "Videos of ${var.name}, for platforms that fetch them"
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  aliases         = [var.pull_domain]

  origin {
    origin_id   = "bucket"
    domain_name = aws_s3_bucket.files.bucket_regional_domain_name
  }

  # No redirect to https: TikTok follows none. No cache: a copy that is deleted has to be gone at once.
  default_cache_behavior {
    target_origin_id         = "bucket"
    allowed_methods          = ["GET", "HEAD"]
    cached_methods           = ["GET", "HEAD"]
    viewer_protocol_policy   = "https-only"
    cache_policy_id          = data.aws_cloudfront_cache_policy.none[0].id
    origin_request_policy_id = aws_cloudfront_origin_request_policy.signature[0].id
  }

  # CloudFront keeps errors for ten seconds, unless told not to: the 403 to a HEAD would answer the GET after it.
  dynamic "custom_error_response" {
    for_each = [403, 404, 500, 502, 503, 504]

    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.pull_certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}
