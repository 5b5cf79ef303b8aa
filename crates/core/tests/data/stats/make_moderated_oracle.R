# Writes moderated.json: what limma makes of sets of variances, and R's digamma, trigamma and psigamma(x, 2).
#
#   Rscript make_moderated_oracle.R > moderated.json
library(limma)

number <- function(x) {
  text <- formatC(x, digits = 17, format = "g")
  ifelse(is.finite(x), text, "null")
}
list_of <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")

set.seed(20240311)
scaled <- function(n, df, prior_df, prior_variance) {
  truth <- prior_variance * prior_df / rchisq(n, prior_df)
  truth * rchisq(n, df) / df
}
df_mixed <- c(rep(4, 30), rep(7.5, 30), rep(2.25, 20))
cases <- list(
  equal_degrees = list(var = scaled(60, 4, 8, 0.02), df = rep(4, 60)),
  mixed_degrees = list(var = scaled(80, df_mixed, 5, 0.3), df = df_mixed),
  one_variance = list(var = 0.5 * rchisq(50, 200) / 200, df = rep(3, 50)),
  zeros = list(var = c(0, 0, scaled(28, 4, 3, 1)), df = rep(4, 30)),
  two = list(var = c(0.01, 3), df = c(4, 4))
)
parts <- c()
for (name in names(cases)) {
  case <- cases[[name]]
  fit <- suppressWarnings(squeezeVar(case$var, case$df))
  total <- pmin(case$df + fit$df.prior, sum(case$df))
  t <- 0.4 / sqrt(rep_len(fit$var.post, length(case$var)))
  p <- 2 * pt(-abs(t), total)
  parts <- c(parts, paste0(
    '    {"name": "', name, '",\n',
    '     "variances": ', list_of(case$var), ',\n',
    '     "degrees_of_freedom": ', list_of(case$df), ',\n',
    '     "prior_degrees_of_freedom": ', number(fit$df.prior), ',\n',
    '     "prior_variance": ', number(fit$var.prior), ',\n',
    '     "posterior": ', list_of(rep_len(fit$var.post, length(case$var))), ',\n',
    '     "total_degrees_of_freedom": ', list_of(total), ',\n',
    '     "p_of_0.4": ', list_of(p), '}'))
}
x <- c(1e-6, 0.01, 0.1, 0.5, 1, 1.5, 2, 3.7, 5.999, 6, 10, 33.3, 1e3, 1e6)
cat('{\n  "R": "', paste(R.version$major, R.version$minor, sep = "."), '",\n  "limma": "',
    as.character(packageVersion("limma")), '",\n  "cases": [\n', paste(parts, collapse = ",\n"),
    '\n  ],\n  "polygamma": {"x": ', list_of(x), ',\n    "digamma": ', list_of(digamma(x)),
    ',\n    "trigamma": ', list_of(trigamma(x)), ',\n    "tetragamma": ', list_of(psigamma(x, 2)), '}\n}\n', sep = "")
