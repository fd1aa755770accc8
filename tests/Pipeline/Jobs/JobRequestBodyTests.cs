using System.Text;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Slicing;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Tests.Jobs;

public sealed class JobRequestBodyTests
{
    [Fact]
    public void Read_EveryField_IsTaken()
    {
        const string json = """
            { "schemaVersion": 1, "id": "mine", "all": false, "container": "images", "prefix": "a/", "filter": "*.jpg",
              "options": { "scoreThreshold": 0.5, "iouThreshold": null, "maxDetections": 7, "fastDecode": true, "model": "m/1" },
              "force": true, "onlyFailed": false, "errorThreshold": "5%", "pageSize": 1, "pagesInFlight": 2, "batchSize": 3,
              "failureCodes": ["poison"], "onlyRetryable": true, "images": ["a", "b"], "list": "_lists/a", "outputs": ["coco", "csv"] }
            """;
        var expected = new JobRequest
        {
            Id = "mine",
            Container = "images",
            Prefix = "a/",
            Filter = "*.jpg",
            Options = new DetectionRequestOptions { ScoreThreshold = 0.5f, MaxDetections = 7, FastDecode = true, Model = "m/1" },
            Force = true,
            ErrorThreshold = new ErrorThreshold(5, IsPercent: true),
            PageSize = 1,
            PagesInFlight = 2,
            BatchSize = 3,
            FailureCodes = new TextList(["poison"]),
            OnlyRetryable = true,
            Images = new TextList(["a", "b"]),
            List = "_lists/a",
            Outputs = new TextList(["coco", "csv"]),
        };
        Assert.Equal(expected, Read(json));
        Assert.Equal(expected, Read($"\uFEFF {json}"));
    }

    [Fact]
    public void Read_Choices_AreTaken()
    {
        const string json = """
            { "options": { "slices": { "size": 320 }, "classes": ["person"], "classThresholds": { "person": 0.5 },
              "regions": [{ "images": "cam1/*", "polygon": [[0, 0], [100, 0], [100, 50.5]] }] } }
            """;
        var expected = new DetectionRequestOptions
        {
            Slices = new SliceOptions(320),
            Classes = ["person"],
            ClassThresholds = new Dictionary<string, float> { ["person"] = 0.5f },
            Regions = [new Region([new(0, 0), new(100, 0), new(100, 50.5f)], "cam1/*")],
        };

        var options = Read(json).Options!;

        Assert.Equal(expected, options);
        Assert.Equal(expected.GetHashCode(), options.GetHashCode());
        Assert.NotEqual(expected with { Classes = ["car"] }, options);
        Assert.NotEqual(expected with { Regions = null }, options);
    }

    [Theory]
    [InlineData("""{ "options": { "classes": "person" } }""", "options.classes: expected an array, found \"person\"")]
    [InlineData("""{ "options": { "classes": [1] } }""", "options.classes[0]: expected a text of whole characters, found 1")]
    [InlineData("""{ "options": { "classThresholds": [0.5] } }""", "options.classThresholds: expected an object, found an array")]
    [InlineData("""{ "options": { "classThresholds": { "a": "b" } } }""", "options.classThresholds.a: expected a number, found \"b\"")]
    [InlineData("""{ "options": { "regions": [{ "polygons": [] }] } }""", "options.regions[0].polygons: there is no such field")]
    [InlineData("""{ "options": { "regions": [{ "polygon": [[1]] }] } }""", "expected a corner as [x, y]")]
    [InlineData("""{ "options": { "slices": { "tile": 640 } } }""", "options.slices.tile: there is no such field")]
    public void Read_WrongChoice_NamesTheField(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<PipelineException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{}")]
    [InlineData(""" { "schemaVersion": 1, "id": "mine" } """)]
    [InlineData("""{ "all": true, "force": true }""")]
    [InlineData("""{ "force": true }""")]
    [InlineData("""{ "container": "images" }""")]
    [InlineData("""{ "onlyFailed": true }""")]
    [InlineData("""{ "filter": "**/*.jpg" }""")]
    public void Read_NoPrefix_TakesEverything(string json) => Assert.Null(Read(json).Prefix);

    [Theory]
    [InlineData("", "found an empty body. Name a 'prefix'")]
    [InlineData(" \n", "send {} or \"all\": true")]
    [InlineData("""{ "all": true, "prefix": "a/" }""", "all: expected it without")]
    [InlineData("""{ "folder": "cam1/" }""", "folder: there is no such field; the fields are schemaVersion, id, all, container, prefix,")]
    [InlineData("""{ "Prefix": "cam1/" }""", "Prefix: there is no such field")]
    [InlineData("""{ "prefix": "a/", "options": { "score": 1 } }""", "options.score: there is no such field; the fields are scoreThreshold,")]
    [InlineData("""{ "prefix": "a/", "prefix": "b/" }""", "prefix")]
    [InlineData("""{ "all": true, "images": ["a"] }""", "all: expected it without")]
    [InlineData("""{ "images": "a" }""", "images: expected an array of texts, found \"a\"")]
    [InlineData("""{ "outputs": ["csv", 1] }""", "outputs: expected an array of texts, found an array")]
    [InlineData("""{ "prefix": 5 }""", "prefix: expected a text of whole characters, found 5")]
    [InlineData("""{ "prefix": "\ud800" }""", "prefix: expected a text of whole characters")]
    [InlineData("""{ "\ud800": 1 }""", "request: Cannot read incomplete UTF-16")]
    [InlineData("""{ "prefix": ["a/"] }""", "prefix: expected a text of whole characters, found an array")]
    [InlineData("""{ "prefix": "a/", "force": "yes" }""", "force: expected true or false, found \"yes\"")]
    [InlineData("""{ "prefix": "a/", "force": null }""", "force: expected a value, found null")]
    [InlineData("""{ "prefix": "a/", "pageSize": 2.5 }""", "pageSize: expected a whole number, found 2.5")]
    [InlineData("""{ "prefix": "a/", "pageSize": "10" }""", "pageSize: expected a whole number, found \"10\"")]
    [InlineData("""{ "prefix": "a/", "pageSize": 99999999999 }""", "pageSize: expected a whole number")]
    [InlineData("""{ "prefix": "a/", "options": 5 }""", "options: expected an object, found 5")]
    [InlineData("""{ "prefix": "a/", "options": { "scoreThreshold": "0.9" } }""", "options.scoreThreshold: expected a number, found \"0.9\"")]
    [InlineData("""{ "prefix": "a/", "errorThreshold": "110%" }""", "errorThreshold: expected a count")]
    [InlineData("""{ "prefix": "a/", "errorThreshold": {} }""", "errorThreshold: expected a number or a text")]
    [InlineData("[]", "request: expected an object, found an array")]
    [InlineData("null", "request: expected an object, found null")]
    [InlineData("no json", "request: ")]
    [InlineData("""{ "prefix": "a/" """, "request: ")]
    public void Read_WhatItCannotTake_IsRefusedByName(string json, string expected)
    {
        var exception = Assert.Throws<PipelineException>(() => Read(json));
        Assert.Equal(PipelineErrorCodes.InvalidRequest, exception.Code);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NewerVersion_IsRefused() => Assert.Equal(
        PipelineErrorCodes.UnsupportedVersion,
        Assert.Throws<PipelineException>(() => Read("""{ "schemaVersion": 2, "somethingNew": 1 }""")).Code);

    private static JobRequest Read(string json) => JobRequestBody.Read(Encoding.UTF8.GetBytes(json));
}
