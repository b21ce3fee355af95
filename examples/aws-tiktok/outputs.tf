output "settings" {
  description = "The lines of playout.env that depend on what was made."
  value = join("\n", compact([
    "PLAYOUT_DATABASE_URL=dynamodb://${aws_dynamodb_table.playout.name}?region=${var.region}",
    "PLAYOUT_FILES_URL=s3://${aws_s3_bucket.files.id}/${var.files_prefix}?region=${var.region}",
    var.pull_domain == null ? "" : "PLAYOUT_PULL_URL_BASE=https://${var.pull_domain}",
  ]))
}

output "role_arn" {
  description = "For the task (ECS: taskRoleArn)."
  value       = aws_iam_role.playout.arn
}

output "instance_profile" {
  description = "For the machine (EC2)."
  value       = one(aws_iam_instance_profile.playout[*].name)
}

output "policy_arn" {
  description = "What the role may do, for a user with lasting keys instead of the role."
  value       = aws_iam_policy.playout.arn
}

output "pull_cname" {
  description = "Where the DNS record of pull_domain points to."
  value       = one(aws_cloudfront_distribution.pull[*].domain_name)
}
