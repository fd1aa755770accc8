using Nanodet.Serverless.Pipeline.Grouping;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Tests.Grouping;

public sealed class BatchFormerTests
{
    private static ImageMessage Image(string name) => new() { Container = "images", Name = name, Etag = "0x1" };

    [Fact]
    public void Form_AnyOrder_GivesTheSameBatches()
    {
        var images = Enumerable.Range(0, 40).Select(i => Image($"{i}.jpg") with { JobId = i % 2 == 0 ? "a" : null }).ToArray();
        var expected = BatchFormer.Form(images, 16);

        Assert.Equal([16, 4, 16, 4], expected.Select(batch => batch.Images.Count));
        Assert.All(expected, batch => Assert.Single(batch.Images.Select(image => image.JobId).Distinct()));
        Assert.All(expected, batch => Assert.Matches("^[0-9a-f]{32}$", batch.BatchId));
        for (var seed = 0; seed < 5; seed++)
        {
            var shuffled = images.ToArray();
            new Random(seed).Shuffle(shuffled);
            Assert.Equal(expected.Select(batch => batch.BatchId), BatchFormer.Form(shuffled, 16).Select(batch => batch.BatchId));
        }
    }

    [Fact]
    public void Form_WhatMakesARequest_ChangesTheId()
    {
        ImageMessage[] different =
        [
            Image("a"),
            Image("b"),
            Image("a") with { Etag = "0x2" },
            Image("a") with { Etag = null },
            Image("a") with { Container = "more" },
            Image("a") with { Stamp = "1" },
            Image("a") with { JobId = "1" },
            Image("a") with { Options = new DetectionRequestOptions { ScoreThreshold = 0.5f } },
        ];
        Assert.Equal(different.Length, different.Select(image => BatchFormer.Form([image], 1)[0].BatchId).Distinct().Count());

        ImageMessage[] same = [Image("a"), Image("a") with { Bytes = 7 }, Image("a") with { Traceparent = "00-x" }];
        Assert.Single(same.Select(image => BatchFormer.Form([image], 1)[0].BatchId).Distinct());
    }

    [Fact]
    public void Form_Repetitions_AreDropped()
    {
        var batch = Assert.Single(BatchFormer.Form([Image("a"), Image("a") with { Stamp = "2" }, Image("a"), Image("b")], 16));
        Assert.Equal(["a", "b"], batch.Images.Select(image => image.Name));
    }

    [Fact]
    public void Form_NoImages_GivesNoBatch() => Assert.Empty(BatchFormer.Form([], 16));
}
