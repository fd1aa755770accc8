using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Exports.Sources;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>
/// Writes a job's results in the formats that it asks for, beside its manifest. A part is a file of results, which has at most 50,000
/// images, so that each call ends in bounded time whatever the job holds. Repeating a call writes the same files.
/// </summary>
/// <param name="clients">The account.</param>
/// <param name="results">Results of jobs.</param>
public sealed class JobExporter(StorageClients clients, JobResults results)
{
    /// <summary>The most images of a part.</summary>
    private const long MostImages = JobNames.MaxBlocks;

    /// <summary>The most detections of an image.</summary>
    private const long MostDetections = 1000;

    /// <summary>The activity <c>WriteExports</c>: reads the part once, and writes each format.</summary>
    /// <param name="part">Which part.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What each format came to.</returns>
    public async Task<IReadOnlyList<JobOutput>> WriteAsync(JobExport part, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(part);
        await results.CommitAsync(part.Results, cancellationToken).ConfigureAwait(false);
        var formats = part.Job.Outputs.GetValueOrDefault().Items.Select(name => ExportFormats.Find(name)!.Value).ToArray();
        var writers = formats.Select(format => Begin(part, format)).ToArray();
        try
        {
            var stream = await clients.Jobs.GetBlobClient(part.Results)
                .OpenReadAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                await foreach (var result in ResultLines.ReadAsync(stream, part.Results, cancellationToken).ConfigureAwait(false))
                {
                    foreach (var writer in writers)
                    {
                        await writer.AddAsync(result, cancellationToken).ConfigureAwait(false);
                    }
                }
            }

            var outputs = new List<JobOutput>();
            foreach (var writer in writers)
            {
                var summary = await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
                outputs.Add(new JobOutput
                {
                    Format = ExportFormats.NameOf(writer.Format),
                    Files = [JobNames.Export(part.Job.JobId, writer.Format, part.Part)],
                    Images = summary.Images,
                    Detections = summary.Detections,
                    LeftOut = summary.LeftOut.Values.Sum(),
                });
            }

            return outputs;
        }
        finally
        {
            foreach (var writer in writers)
            {
                await writer.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private ExportWriter Begin(JobExport part, ExportFormat format)
    {
        var name = JobNames.Export(part.Job.JobId, format, part.Part);
        var (folder, fileName) = (name[..(name.LastIndexOf('/') + 1)], name[(name.LastIndexOf('/') + 1)..]);
        IExportTarget target = new BlobTarget(clients.Jobs, folder);
        return ExportWriters.Create(
            format,
            ExportFormats.IsFolder(format) ? new ZipTarget(target, fileName) : target,
            new ExportOptions
            {
                FileName = fileName,
                FirstImageId = (part.Part * MostImages) + 1,
                FirstAnnotationId = (part.Part * MostImages * MostDetections) + 1,
            });
    }
}
