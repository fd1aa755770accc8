using System.Globalization;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;

namespace Nanodet.Serverless.Exports.Downloads;

/// <summary>
/// An export as one file that is gone when it is closed: for whoever hands it on. It is whole before its first byte is handed on, so that a
/// failure is one, and not half a file.
/// </summary>
/// <param name="Content">The file, at its beginning; whoever gets it disposes of it.</param>
/// <param name="FileName">A name for it, such as <c>results.csv</c> or <c>yolo.zip</c>.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Summary">What the export came to.</param>
public sealed record TemporaryExport(Stream Content, string FileName, string ContentType, ExportSummary Summary)
{
    private const string Zip = ".zip";

    /// <summary>The headers of an HTTP answer with the file: it is to be saved, and to be taken for nothing else.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers =>
    [
        ("Content-Type", ContentType),
        ("Content-Length", Content.Length.ToString(CultureInfo.InvariantCulture)),
        ("Content-Disposition", $"attachment; filename=\"{FileName}\""),
        ("X-Content-Type-Options", "nosniff"),
    ];

    /// <summary>Exports results into a temporary file. A format of several files becomes an archive.</summary>
    /// <param name="results">The results, read as they are written.</param>
    /// <param name="format">The format.</param>
    /// <param name="options">What is taken.</param>
    /// <param name="cancellationToken">Cancels the export; nothing stays behind.</param>
    /// <exception cref="ExportException"><c>nothing_to_export</c>: no image is left.</exception>
    public static async Task<TemporaryExport> WriteAsync(
        IAsyncEnumerable<DetectionResult> results, ExportFormat format, ExportOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        // These write two files at the same time, which an archive cannot take.
        var isPacked = format is ExportFormat.Coco or ExportFormat.LabelStudio;
        var isArchive = ExportFormats.IsFolder(format) || isPacked;
        var name = ExportFormats.FileNameOf(format);
        var fileName = isArchive ? Path.ChangeExtension(name, null) + Zip : name;
        var folder = Directory.CreateTempSubdirectory("nanodet-export-");
        try
        {
            var parts = isPacked ? folder.CreateSubdirectory("parts") : folder;
            IExportTarget target = new FolderTarget(parts);
            target = isArchive && !isPacked ? new ZipTarget(target, fileName) : target;
            var summary = await ExportWriters.WriteAsync(
                results, format, target, options with { FileName = null }, cancellationToken).ConfigureAwait(false);
            if (summary.Images == 0)
            {
                throw new ExportException(
                    "nothing_to_export",
                    summary.LeftOut.ContainsKey(LeftOutReason.Failed)
                        ? $"Expected results to export, found only failures, for which {ExportFormats.NameOf(format)} has no place."
                        : "Expected results to export, found none that meet the conditions.");
            }

            if (isPacked)
            {
                var archive = new ZipTarget(new FolderTarget(folder), fileName);
                await PackAsync(parts, summary.Files, archive, cancellationToken).ConfigureAwait(false);
            }

            var path = Path.Combine(folder.FullName, fileName);
            return new TemporaryExport(OwnedFile.Open(path, folder), fileName, TypeOf(fileName), summary);
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }
    }

    private static async Task PackAsync(
        DirectoryInfo parts, IEnumerable<string> names, ZipTarget archive, CancellationToken cancellationToken)
    {
        await using (archive.ConfigureAwait(false))
        {
            foreach (var name in names)
            {
                var part = File.OpenRead(Path.Combine(parts.FullName, name));
                await using (part.ConfigureAwait(false))
                {
                    var entry = await archive.CreateAsync(name, cancellationToken).ConfigureAwait(false);
                    await using (entry.ConfigureAwait(false))
                    {
                        await part.CopyToAsync(entry, cancellationToken).ConfigureAwait(false);
                    }
                }
            }

            await archive.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static string TypeOf(string fileName) => Path.GetExtension(fileName) switch
    {
        ".csv" => "text/csv; charset=utf-8",
        ".json" => "application/json",
        ".ndjson" or ".jsonl" => "application/x-ndjson",
        ".zip" => "application/zip",
        _ => "application/octet-stream",
    };

    /// <summary>A file that takes its folder along.</summary>
    private sealed class OwnedFile(string path, DirectoryInfo folder)
        : FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.Asynchronous)
    {
        public static OwnedFile Open(string path, DirectoryInfo folder) => new(path, folder);

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            Remove();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync().ConfigureAwait(false);
            Remove();
        }

        private void Remove()
        {
            folder.Refresh();
            if (folder.Exists)
            {
                folder.Delete(recursive: true);
            }
        }
    }
}
