using Nanodet.Detection.Results;
using Nanodet.Detection.Slicing;
using Nanodet.Serverless.Cli.Commands;

namespace Nanodet.Serverless.Cli.Tests.Commands;

/// <summary>Results of an app with settings of its own: what was not asked for is the app's.</summary>
public sealed class CloudDetectionTests
{
    private static readonly ResultOptions Plain = new(0.05f, 0.6f, 100);
    private static readonly SliceOptions Slices = new() { Size = 640 };

    [Fact]
    public void IsAsAsked_WhatOnlyTheAppKnows_IsTheApps()
    {
        Assert.True(CloudDetection.IsAsAsked(Plain, Plain));
        Assert.True(CloudDetection.IsAsAsked(Plain with { Tf32 = true }, Plain));
        Assert.True(CloudDetection.IsAsAsked(Plain with { Slices = Slices }, Plain));
        Assert.True(CloudDetection.IsAsAsked(Plain with { Slices = Slices }, Plain with { FastDecode = true }));
        Assert.True(CloudDetection.IsAsAsked(Plain with { Slices = Slices, Tf32 = true }, Plain with { Slices = Slices }));
    }

    [Fact]
    public void IsAsAsked_WhatWasAskedFor_IsKept()
    {
        Assert.False(CloudDetection.IsAsAsked(Plain, Plain with { ScoreThreshold = 0.5f }));
        Assert.False(CloudDetection.IsAsAsked(Plain with { Slices = Slices }, Plain with { ScoreThreshold = 0.5f }));
        Assert.False(CloudDetection.IsAsAsked(Plain, Plain with { Slices = Slices }));
        Assert.False(CloudDetection.IsAsAsked(Plain with { Slices = Slices with { Size = 320 } }, Plain with { Slices = Slices }));
        Assert.False(CloudDetection.IsAsAsked(Plain, Plain with { FastDecode = true }));
    }
}
