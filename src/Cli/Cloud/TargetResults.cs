using System.CommandLine;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>Results of what a command works on, as they come: from its storage, or from an app that is named by its address.</summary>
internal static class TargetResults
{
    /// <summary>Every result of a job that ended, with its line.</summary>
    /// <exception cref="CliException"><c>job_not_found</c>: there is no such job, or it has not ended.</exception>
    public static async Task<IAsyncEnumerable<(string Line, DetectionResult Result)>> OfJobAsync(
        TargetOptions target, ParseResult parsed, string jobId, CancellationToken cancellationToken) =>
        target.NamesServer(parsed.CommandResult)
            ? new AppResults(await target.ConnectAsync(parsed, cancellationToken)).OfJobAsync(jobId, cancellationToken)
            : new JobResults(
                await target.StorageAsync(parsed, cancellationToken),
                jobId,
                target.NamesAccount(parsed.CommandResult) ? "" : target.Again(parsed)).ReadAsync(cancellationToken);

    /// <summary>The records of images whose names begin so.</summary>
    /// <exception cref="CliException"><c>no_results</c>: there is none; <c>invalid_result</c>: one cannot be read.</exception>
    public static async Task<IAsyncEnumerable<DetectionResult>> OfPrefixAsync(
        TargetOptions target,
        ParseResult parsed,
        string? container,
        string prefix,
        CancellationToken cancellationToken) =>
        target.NamesServer(parsed.CommandResult)
            ? new AppResults(await target.ConnectAsync(parsed, cancellationToken))
                .OfPrefixAsync(container, prefix, cancellationToken).Select(line => line.Result)
            : new RecordResults(await target.StorageAsync(parsed, cancellationToken), container, prefix).ReadAsync(cancellationToken);

    /// <summary>Writes every result of a job to a file, one a line. The file is there whole or not at all.</summary>
    public static async Task<JobResultsReport> SaveAsync(
        IAsyncEnumerable<(string Line, DetectionResult Result)> lines, string jobId, FileInfo file, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(file.DirectoryName!);
        var temporary = InputFile.TemporaryFor(file);
        try
        {
            var (detected, failed) = (0L, 0L);
            await using (var writer = new StreamWriter(temporary) { NewLine = "\n" })
            {
                await foreach (var (line, result) in lines.WithCancellation(cancellationToken))
                {
                    await writer.WriteLineAsync(line.AsMemory(), cancellationToken);
                    (detected, failed) = result.Error is null ? (detected + 1, failed) : (detected, failed + 1);
                }
            }

            File.Move(temporary, file.FullName, overwrite: true);
            return new JobResultsReport(jobId, file.FullName, detected + failed, detected, failed);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
