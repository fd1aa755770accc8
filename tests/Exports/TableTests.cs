using System.Globalization;
using System.Text.Json;
using Microsoft.VisualBasic.FileIO;
using Nanodet.Serverless.Exports.Writers;
using ParquetSharp;

namespace Nanodet.Serverless.Exports.Tests;

/// <summary>The formats that carry everything, read back by readers of others.</summary>
public sealed class TableTests
{
    private static readonly string[] Columns =
    [
        "container", "name", "status", "image_width", "image_height", "class_id", "class_name", "score", "x", "y", "width", "height",
        "error_code", "error_message", "model_name", "model_version", "created_utc",
    ];

    [Fact]
    public async Task Csv_ReadByAnotherReader_HasARowForEachDetectionAndEachImageWithoutOne()
    {
        var (summary, target) = await MemoryTarget.ExportAsync(ExportFormat.Csv, Results.Some);

        using var parser = new TextFieldParser(new MemoryStream(target.Files["results.csv"])) { TrimWhiteSpace = false };
        parser.SetDelimiters(",");
        Assert.Equal(Columns, parser.ReadFields());
        var rows = new List<Dictionary<string, string>>();
        while (parser.ReadFields() is { } fields)
        {
            rows.Add(Columns.Zip(fields).ToDictionary());
        }

        Assert.Equal([Results.Plain, Results.Plain, Results.Comma, Results.Empty, Results.Damaged], rows.Select(row => row["name"]));
        Assert.Equal(["dog", "person", "person", "", ""], rows.Select(row => row["class_name"]));
        Assert.Equal(["detected", "detected", "detected", "detected", "failed"], rows.Select(row => row["status"]));
        Assert.Equal(220.5f, float.Parse(rows[0]["y"], CultureInfo.InvariantCulture));
        Assert.Equal(10.1f, float.Parse(rows[2]["x"], CultureInfo.InvariantCulture));
        Assert.Equal(("100", "50"), (rows[2]["image_width"], rows[2]["image_height"]));
        Assert.Equal(("image_truncated", "expected more, found \"less\"."), (rows[4]["error_code"], rows[4]["error_message"]));
        Assert.Equal("2026-01-31T12:00:00.1230000Z", rows[0]["created_utc"]);
        Assert.Equal((4, 1, 3), (summary.Images, summary.Failures, summary.Detections));
        Assert.Equal([new("person", 2), new("dog", 1)], summary.DetectionsByClass);
        Assert.Empty(summary.LeftOut);
        Assert.Equal(["results.csv"], summary.Files);
    }

    [Fact]
    public async Task Parquet_ReadByAnotherReader_HasTheSameRowsWithTypes()
    {
        var (_, target) = await MemoryTarget.ExportAsync(ExportFormat.Parquet, Results.Some);

        using var file = new ParquetFileReader(new MemoryStream(target.Files["results.parquet"]));
        var schema = file.FileMetaData.Schema;
        Assert.Equal(Columns, Enumerable.Range(0, file.FileMetaData.NumColumns).Select(column => schema.Column(column).Name));
        Assert.Equal(5, file.FileMetaData.NumRows);
        using var group = file.RowGroup(0);
        Assert.Equal([Results.Plain, Results.Plain, Results.Comma, Results.Empty, Results.Damaged], Read<string?>("name"));
        Assert.Equal(["dog", "person", "person", null, null], Read<string?>("class_name"));
        Assert.Equal([16, 0, 0, null, null], Read<int?>("class_id"));
        Assert.Equal([0.91f, 0.5f, 0.36f, null, null], Read<float?>("score"));
        Assert.Equal([259.5f, 480, 30.4f, null, null], Read<float?>("height"));
        Assert.Equal([640, 640, 100, 32, null], Read<int?>("image_width"));
        Assert.Equal([null, null, null, null, "image_truncated"], Read<string?>("error_code"));
        Assert.All(Read<DateTime>("created_utc"), time => Assert.Equal(new DateTime(2026, 1, 31, 12, 0, 0, 123), time));

        T[] Read<T>(string name) => group.Column(Array.IndexOf(Columns, name)).LogicalReader<T>().ReadAll((int)group.MetaData.NumRows);
    }

    [Fact]
    public async Task Parquet_MoreRowsThanAGroup_AreAllThere()
    {
        var target = new MemoryTarget();
        var summary = await ExportWriters.WriteAsync(
            Results.Many(50_000), ExportFormat.Parquet, target, cancellationToken: TestContext.Current.CancellationToken);

        using var file = new ParquetFileReader(new MemoryStream(target.Files["results.parquet"]));
        Assert.True(file.FileMetaData.NumRowGroups > 1);
        Assert.Equal(summary.Detections + summary.Failures, file.FileMetaData.NumRows);
        Assert.Equal(50_000, summary.Images);
    }

    [Fact]
    public async Task Ndjson_Lines_AreTheResults()
    {
        var (_, target) = await MemoryTarget.ExportAsync(ExportFormat.Ndjson, Results.Some);

        var lines = target.Text("results.ndjson").Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.Empty(lines[4]);
        Assert.Equal(Results.Some.Select(result => result.ToUtf8Json()), lines[..4].Select(System.Text.Encoding.UTF8.GetBytes));
        Assert.Equal("image_truncated", JsonDocument.Parse(lines[3]).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData(ExportFormat.Csv, "results.csv")]
    [InlineData(ExportFormat.Parquet, "results.parquet")]
    [InlineData(ExportFormat.Coco, "coco.json")]
    [InlineData(ExportFormat.CocoDataset, "instances.json")]
    [InlineData(ExportFormat.LabelStudio, "labelstudio.json")]
    [InlineData(ExportFormat.AzureMl, "azureml.jsonl")]
    [InlineData(ExportFormat.Yolo, "classes.txt")]
    [InlineData(ExportFormat.Voc, "labels.txt")]
    public async Task NoResults_LeaveAFileThatCanBeRead(ExportFormat format, string name)
    {
        var (summary, target) = await MemoryTarget.ExportAsync(format, []);

        Assert.Equal(0, summary.Images);
        Assert.Contains(name, target.Files.Keys);
        if (name.EndsWith(".json", StringComparison.Ordinal))
        {
            JsonDocument.Parse(target.Files[name]).Dispose();
        }
    }
}
