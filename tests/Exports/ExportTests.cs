using System.Globalization;
using System.IO.Compression;
using System.Text;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Downloads;
using Nanodet.Serverless.Exports.Filters;
using Nanodet.Serverless.Exports.Sources;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;

namespace Nanodet.Serverless.Exports.Tests;

/// <summary>What holds for every format: filters, folders, sources, and memory.</summary>
public sealed class ExportTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-exports-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Names_OfFormats_AreFoundAgain()
    {
        Assert.Equal(["csv", "ndjson", "parquet", "coco", "coco-dataset", "yolo", "voc", "labelstudio", "azureml"], ExportFormats.Names);
        Assert.All(Enum.GetValues<ExportFormat>(), format => Assert.Equal(format, ExportFormats.Find(ExportFormats.NameOf(format))));
        Assert.Null(ExportFormats.Find("COCO"));
    }

    [Fact]
    public async Task Filters_TakeWhatTheyName()
    {
        Assert.Equal("dog", Classes(new ExportFilter { Classes = ["dog"] }));
        Assert.Equal("dog,person", Classes(new ExportFilter { MinScore = 0.5f }));
        Assert.Equal(4, await Images(new ExportFilter { Classes = ["dog"] }));
        Assert.Equal(2, await Images(new ExportFilter { Classes = ["dog"], SkipEmpty = true }));
        Assert.Equal(1, await Images(new ExportFilter { Status = DetectionStatus.Failed }));
        Assert.Equal(3, await Images(new ExportFilter { Status = DetectionStatus.Detected }));
        Assert.Equal(2, await Images(new ExportFilter { Name = new NameGlob("cam2/*.{jpg,png}") }));
        Assert.Equal(3, await Images(new ExportFilter { Name = new NameGlob("**/*.jpg") }));
        Assert.Equal("invalid_glob", Assert.Throws<ExportException>(() => new NameGlob("a?")).Code);

        string Classes(ExportFilter filter) =>
            string.Join(',', Results.Some.SelectMany(result => filter.Apply(result)!.Detections ?? []).Select(found => found.ClassName));

        static async Task<long> Images(ExportFilter filter)
        {
            var (summary, _) = await MemoryTarget.ExportAsync(ExportFormat.Csv, Results.Some, new ExportOptions { Filter = filter });
            Assert.Equal(4, summary.Images + summary.LeftOut.GetValueOrDefault(LeftOutReason.Filtered));
            return summary.Images;
        }
    }

    [Theory]
    [InlineData(ExportFormat.Csv, "results.csv", "text/csv; charset=utf-8", null)]
    [InlineData(ExportFormat.Coco, "coco.zip", "application/zip", "coco.dataset.json coco.json")]
    [InlineData(ExportFormat.CocoDataset, "instances.json", "application/json", null)]
    [InlineData(ExportFormat.Yolo, "yolo.zip", "application/zip", "classes.txt data.yaml labels/")]
    [InlineData(ExportFormat.Voc, "voc.zip", "application/zip", "Annotations/ ImageSets/ labels.txt")]
    [InlineData(ExportFormat.LabelStudio, "labelstudio.zip", "application/zip", "labelstudio.config.xml labelstudio.json")]
    [InlineData(ExportFormat.AzureMl, "azureml.jsonl", "application/x-ndjson", null)]
    public async Task Download_OfAFormat_IsOneFileWithAllOfIt(ExportFormat format, string name, string type, string? entries)
    {
        var export = await TemporaryExport.WriteAsync(
            Results.Some.ToAsyncEnumerable(), format, new ExportOptions(), TestContext.Current.CancellationToken);
        await using var content = export.Content;

        Assert.Equal(
            [type, content.Length.ToString(CultureInfo.InvariantCulture), $"attachment; filename=\"{name}\"", "nosniff"],
            export.Headers.Select(header => header.Value));
        Assert.NotEqual(0, content.Length);
        if (entries is not null)
        {
            using var archive = new ZipArchive(content);
            Assert.All(archive.Entries, entry => Assert.NotEqual(0, entry.FullName == "labels/cam2/leer-äß.txt" ? 1 : entry.Length));
            Assert.Equal(
                entries,
                string.Join(' ', archive.Entries
                    .Select(entry => entry.FullName.Split('/') is [var folder, _, ..] ? $"{folder}/" : entry.FullName)
                    .Distinct().Order(StringComparer.Ordinal)));
        }
    }

    [Fact]
    public async Task Download_WithoutAnImageLeft_IsRefusedInEveryFormat()
    {
        foreach (var format in Enum.GetValues<ExportFormat>())
        {
            var none = await Assert.ThrowsAsync<ExportException>(() => DownloadAsync(format, []));
            Assert.Equal("nothing_to_export", none.Code);
            var failures = await Record.ExceptionAsync(async () =>
            {
                var export = await DownloadAsync(format, [Results.Failed(Results.Damaged)]);
                await export.Content.DisposeAsync();
            });
            Assert.Equal(ExportFormats.HasFailures(format) ? null : "nothing_to_export", (failures as ExportException)?.Code);
        }

        static Task<TemporaryExport> DownloadAsync(ExportFormat format, DetectionResult[] results) => TemporaryExport.WriteAsync(
            results.ToAsyncEnumerable(), format, new ExportOptions(), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Folder_ExportThatEndsEarly_LeavesNoFile()
    {
        foreach (var format in Enum.GetValues<ExportFormat>().Where(format => !ExportFormats.IsFolder(format)))
        {
            await Assert.ThrowsAsync<ExportException>(() => ExportWriters.WriteAsync(
                Broken(), format, new FolderTarget(_folder), cancellationToken: TestContext.Current.CancellationToken));
        }

        Assert.Empty(_folder.EnumerateFileSystemInfos());

        static async IAsyncEnumerable<DetectionResult> Broken()
        {
            await Task.CompletedTask;
            yield return Results.Some[0];
            throw new ExportException("invalid_result", "the second one");
        }
    }

    [Fact]
    public async Task Folder_NamesThatLeadElsewhere_StayInside()
    {
        var folder = new DirectoryInfo(Path.Combine(_folder.FullName, "inside"));

        await ExportWriters.WriteAsync(
            new[] { Results.Of("../../up.jpg", 4, 4), Results.Of("/etc/root.jpg", 4, 4), Results.Of("..", 4, 4) }.ToAsyncEnumerable(),
            ExportFormat.Yolo,
            new FolderTarget(folder),
            cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(
            ["inside/classes.txt", "inside/data.yaml", "inside/labels/_.txt", "inside/labels/etc/root.txt", "inside/labels/up.txt"],
            _folder.EnumerateFiles("*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(_folder.FullName, file.FullName).Replace('\\', '/')).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(ExportFormat.Yolo, "labels", ".txt")]
    [InlineData(ExportFormat.Voc, "Annotations", ".xml")]
    public async Task Folder_NamesThatItCannotHold_AreLeftOutAndTheOthersStay(ExportFormat format, string folder, string ending)
    {
        var name = new string('x', 255);

        var summary = await ExportWriters.WriteAsync(
            new[] { $"{name[4..]}.jpg", $"{name[3..]}.jpg", $"{name}x/a.jpg", $"a/{name}x/b.jpg", "b.jpg", $"b{ending}/c.jpg", $"d{ending}/e.jpg", "d.jpg" }
                .Select(image => Results.Of(image, 4, 4)).ToAsyncEnumerable(),
            format,
            new FolderTarget(_folder),
            cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(
            new[] { "b", "e", name[4..] }.Select(file => file + ending),
            new DirectoryInfo(Path.Combine(_folder.FullName, folder)).EnumerateFiles("*", SearchOption.AllDirectories)
                .Select(file => file.Name).Order(StringComparer.Ordinal));
        Assert.Equal(3, summary.Images);
        Assert.Equal(
            new Dictionary<LeftOutReason, long> { [LeftOutReason.NameTaken] = 2, [LeftOutReason.NameTooLong] = 3 }, summary.LeftOut);
    }

    [Fact]
    public async Task Folder_FileWithALongName_IsWritten()
    {
        var name = $"{new string('x', 251)}.csv";

        await ExportWriters.WriteAsync(
            Results.Some.ToAsyncEnumerable(),
            ExportFormat.Csv,
            new FolderTarget(_folder),
            new ExportOptions { FileName = name },
            TestContext.Current.CancellationToken);

        Assert.Equal([name], _folder.EnumerateFiles().Select(file => file.Name));

        // A name that it cannot have in the end is said with the first result, not after the last one.
        await using var writer = ExportWriters.Create(
            ExportFormat.Csv, new FolderTarget(_folder), new ExportOptions { FileName = $"xxxxx{name}" });
        await Assert.ThrowsAsync<PathTooLongException>(
            async () => await writer.AddAsync(Results.Some[0], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Folder_ThatHasFiles_IsRefusedWhereEachImageGetsOne()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "old.txt"), "x", TestContext.Current.CancellationToken);

        var refusal = await Assert.ThrowsAsync<ExportException>(() => ExportWriters.WriteAsync(
            Results.Some.ToAsyncEnumerable(),
            ExportFormat.Voc,
            new FolderTarget(_folder),
            cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal("output_not_empty", refusal.Code);
        Assert.Contains("old.txt", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Source_Folder_ReadsDocumentsAndLinesAndCountsOtherFiles()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        _folder.CreateSubdirectory("a/b");
        await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, "a/b/x.jpg.json"), Results.Some[0].ToUtf8Json(), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "a/instances.json"), "{\"images\":[]}", cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(_folder.FullName, "some.ndjson"),
            string.Concat(Results.Some[1..].Select(result => Encoding.UTF8.GetString(result.ToUtf8Json()) + "\r\n\n")),
            cancellationToken);
        var source = new ResultFolder(_folder.FullName);

        var names = await source.ReadAsync(cancellationToken).Select(result => result.Image.Name).Order().ToListAsync(cancellationToken);

        Assert.Equal(Results.Some.Select(result => result.Image.Name).Order(), names);
        Assert.Equal(1, source.OtherFiles);
        Assert.EndsWith("instances.json", source.OtherFile, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Source_LinksToFolders_AreReadOnce()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("links need a privilege on Windows");
        }

        var cancellationToken = TestContext.Current.CancellationToken;
        var input = _folder.CreateSubdirectory("in/run-1").Parent!.FullName;
        var outside = _folder.CreateSubdirectory("outside").FullName;
        await File.WriteAllBytesAsync(Path.Combine(input, "run-1", "x.json"), Results.Of("x", 1, 1).ToUtf8Json(), cancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(outside, "y.json"), Results.Of("y", 1, 1).ToUtf8Json(), cancellationToken);
        Directory.CreateSymbolicLink(Path.Combine(input, "latest"), "run-1");
        Directory.CreateSymbolicLink(Path.Combine(input, "run-1", "up"), "..");
        Directory.CreateSymbolicLink(Path.Combine(input, "a"), outside);
        Directory.CreateSymbolicLink(Path.Combine(input, "b"), "a");

        var names = await new ResultFolder(input).ReadAsync(cancellationToken)
            .Select(result => result.Image.Name).Order().ToListAsync(cancellationToken);

        Assert.Equal(["x", "y"], names);
    }

    [Fact]
    public async Task Source_ThatHasNoResult_SaysWhatWasFound()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        Assert.Equal("no_results", (await Assert.ThrowsAsync<ExportException>(() => Count(_folder.FullName))).Code);
        Assert.Equal("input_not_found", (await Assert.ThrowsAsync<ExportException>(() => Count(_folder.FullName + "-not"))).Code);
        var lines = Path.Combine(_folder.FullName, "x.ndjson");
        await File.WriteAllTextAsync(lines, Encoding.UTF8.GetString(Results.Some[0].ToUtf8Json()) + "\n{}\n", cancellationToken);
        var refusal = await Assert.ThrowsAsync<ExportException>(() => Count(lines));
        Assert.Equal("invalid_result", refusal.Code);
        Assert.Contains("x.ndjson, line 2", refusal.Message, StringComparison.Ordinal);

        Task<int> Count(string path) => new ResultFolder(path).ReadAsync(cancellationToken).CountAsync(cancellationToken).AsTask();
    }

    [Fact]
    public async Task Path_IsAFileAFolderOrAnArchiveAsTheFormatAndItsEndSay()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "there"));
        (ExportFormat Format, string Path, string Made)[] cases =
        [
            (ExportFormat.Csv, "a.txt", "a.txt"),
            (ExportFormat.Csv, "there", "there/results.csv"),
            (ExportFormat.Coco, "new/", "new/coco.json"),
            (ExportFormat.Yolo, "y", "y/classes.txt"),
            (ExportFormat.Yolo, "y.zip", "y.zip"),
        ];
        foreach (var (format, path, made) in cases)
        {
            var (target, fileName) = ExportPaths.Open(format, Path.Combine(_folder.FullName, path));
            await ExportWriters.WriteAsync(
                Results.Some.ToAsyncEnumerable(),
                format,
                target,
                new ExportOptions { FileName = fileName },
                TestContext.Current.CancellationToken);
            Assert.True(File.Exists(Path.Combine(_folder.FullName, made)), made);
        }

        Assert.DoesNotContain(_folder.EnumerateFiles("*.tmp", SearchOption.AllDirectories), _ => true);
    }
}
