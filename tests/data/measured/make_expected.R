# Writes expected.json: effects with their noise from tewhey_counts.tsv and activities from gse84888_counts.txt, by R and limma.
#
#   Rscript make_expected.R > expected.json
library(limma)

number <- function(x) formatC(x, digits = 17, format = "g")
list_of <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")

table <- read.delim("tewhey_counts.tsv", check.names = FALSE)
table <- table[startsWith(table$eid, "rs"), ]
replicates <- 1:5
columns <- function(kind, allele) as.matrix(table[, paste0(kind, "_allele_", allele, "_", replicates)])
scaled <- list()
for (kind in c("RNA", "DNA")) {
  library_size <- colSums(columns(kind, "A")) + colSums(columns(kind, "B"))
  for (allele in c("A", "B")) {
    scaled[[paste0(kind, allele)]] <- sweep(columns(kind, allele), 2, library_size, "/") * 1e6
  }
}
mean_of <- lapply(scaled, rowMeans)
activity <- function(allele) {
  log2((mean_of[[paste0("RNA", allele)]] + 1) / (mean_of[[paste0("DNA", allele)]] + 1))
}
effect <- activity("B") - activity("A")

# The delta method: gradient and covariance of the two alleles, side by side.
side <- function(kind) {
  a <- scaled[[paste0(kind, "A")]]
  b <- scaled[[paste0(kind, "B")]]
  sapply(seq_len(nrow(a)), function(i) {
    gradient <- c(-1 / ((mean(a[i, ]) + 1) * log(2)), 1 / ((mean(b[i, ]) + 1) * log(2)))
    covariance <- cov(cbind(a[i, ], b[i, ]))
    drop(t(gradient) %*% covariance %*% gradient) / length(replicates)
  })
}
rna <- side("RNA")
dna <- side("DNA")
variance <- rna + dna
degrees <- variance^2 / (rna^2 / 4 + dna^2 / 4)
fit <- squeezeVar(variance, degrees)
total <- pmin(degrees + fit$df.prior, sum(degrees))
p <- 2 * pt(-abs(effect / sqrt(fit$var.post)), total)
first_replicate <- log2((scaled$RNAB[, 1] + 1) / (mean_of$DNAB + 1)) - log2((scaled$RNAA[, 1] + 1) / (mean_of$DNAA + 1))

elements <- read.delim("gse84888_counts.txt")
activities <- log2((elements$counts.rna + 1) / (elements$counts.plasmid + 1))

cat('{\n "R": "', paste(R.version$major, R.version$minor, sep = "."), '", "limma": "',
    as.character(packageVersion("limma")), '",\n "names": ["', paste(table$eid, collapse = '", "'), '"],\n',
    ' "effect": ', list_of(effect), ',\n "se_replicates": ', list_of(sqrt(variance)), ',\n "se": ',
    list_of(sqrt(fit$var.post)), ',\n "p": ', list_of(p), ',\n "degrees_of_freedom": ', list_of(total),
    ',\n "effect_1": ', list_of(first_replicate), ',\n "activities": ', list_of(activities), '\n}\n', sep = "")
