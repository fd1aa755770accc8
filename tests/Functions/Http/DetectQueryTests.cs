using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Slicing;
using Nanodet.Serverless.Functions.Http;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Tests.Http;

public sealed class DetectQueryTests
{
    [Fact]
    public void TryRead_Nothing_LeavesTheAppsSettings()
    {
        Assert.True(DetectQuery.TryRead(Query(""), out var options, out _));
        Assert.Equal(new DetectionRequestOptions(), options);
        Assert.Equal("image", DetectQuery.Name(Query("")));
    }

    [Fact]
    public void TryRead_Everything_TakesItOver()
    {
        var query = Query("?score=0.25&iou=0.5&max=7&fast=true&model=nanodet-g/1&name=a%20b.jpg");

        Assert.True(DetectQuery.TryRead(query, out var options, out _));
        Assert.Equal(
            new DetectionRequestOptions { ScoreThreshold = 0.25f, IouThreshold = 0.5f, MaxDetections = 7, FastDecode = true, Model = "nanodet-g/1" }, options);
        Assert.Equal("a b.jpg", DetectQuery.Name(query));
    }

    [Theory]
    [InlineData("?score=1.5")]
    [InlineData("?score=")]
    [InlineData("?score=NaN")]
    [InlineData("?score=0.1&score=0.2")]
    [InlineData("?iou=-0.1")]
    [InlineData("?iou=much")]
    [InlineData("?max=0")]
    [InlineData("?max=1001")]
    [InlineData("?max=1e300")]
    [InlineData("?max=2.5")]
    [InlineData("?fast=1")]
    [InlineData("?fast=")]
    [InlineData("?model=")]
    [InlineData("?model=a&model=b")]
    [InlineData("?name=")]
    [InlineData("?name=a&name=b")]
    [InlineData("?conf=0.9")]
    [InlineData("?Score=0.9&threshold=0.9")]
    public void TryRead_OutOfRange_SaysWhat(string text)
    {
        Assert.False(DetectQuery.TryRead(Query(text), out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void TryRead_UnknownParameter_NamesItAndTheKnownOnes()
    {
        Assert.False(DetectQuery.TryRead(Query("?conf=0.9"), out _, out var problem));
        Assert.Equal(
            "conf: there is no such query parameter; the parameters are score, iou, max, fast, model, name, "
            + "slice, overlap, merge, classes, thresholds, regions.", problem);
    }

    [Fact]
    public void TryRead_Choices_TakesThemOver()
    {
        var query = Query(
            "?slice=320&overlap=0.3&merge=greedy&classes=person,%20car&thresholds=person:0.5,traffic%20light:0.25"
            + "&regions=[{\"images\":\"cam1/*\",\"polygon\":[[0,0],[1,0],[1,1]],\"relative\":true}]&name=cam1/a.jpg");

        Assert.True(DetectQuery.TryRead(query, out var options, out _));
        Assert.Equal(
            new DetectionRequestOptions
            {
                Slices = new SliceOptions(320, 0.3f, SliceMerge.Greedy),
                Classes = ["person", "car"],
                ClassThresholds = new Dictionary<string, float> { ["person"] = 0.5f, ["traffic light"] = 0.25f },
                Regions = [new Region([new(0, 0), new(1, 0), new(1, 1)], "cam1/*", Relative: true)],
            },
            options);
    }

    [Theory]
    [InlineData("?overlap=0.3", "only with 'slice'")]
    [InlineData("?slice=63", "64")]
    [InlineData("?slice=6.5", "whole number")]
    [InlineData("?slice=640&overlap=0.9", "Overlap")]
    [InlineData("?slice=640&merge=wbf", "nms or greedy")]
    [InlineData("?classes=", "found none")]
    [InlineData("?thresholds=person", "NAME:SCORE")]
    [InlineData("?thresholds=person:2", "scores of 0 to 1")]
    [InlineData("?regions=[[0,0]]", "regions: expected JSON")]
    [InlineData("?regions=[{%22polygon%22:[[0,0],[1,1]]}]", "at least 3 corners")]
    public void TryRead_WrongChoice_SaysWhat(string text, string expected)
    {
        Assert.False(DetectQuery.TryRead(Query(text), out _, out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void TryRead_FunctionKey_IsAzures()
    {
        Assert.True(DetectQuery.TryRead(Query("?code=abc%3D%3D&clientId=default&score=0.5"), out var options, out _));
        Assert.Equal(0.5f, options.ScoreThreshold);
    }

    [Fact]
    public void FindProblem_NoParameterIsKnown_SaysWhereFieldsBelong() => Assert.Equal(
        "prefix: expected no query parameter here; fields belong into the body.", RequestQuery.FindProblem(Query("?prefix=cam1/"), [], hasBody: true));

    private static QueryCollection Query(string text) => new(QueryHelpers.ParseQuery(text));
}
