using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Detection.Tests.Evaluation;

public sealed class CategoryMetricsTests
{
    private static CocoBox At(double x) => new(x, 0, 50, 50);

    /// <summary>Three objects; right at 0.9 and 0.6, wrong at 0.7 and 0.2.</summary>
    private static CocoEvaluator Evaluated()
    {
        var evaluator = new CocoEvaluator();
        evaluator.Add(
            [new(1, At(0), 2500, false), new(1, At(100), 2500, false), new(1, At(200), 2500, false)],
            [new(1, 0.9, At(0)), new(1, 0.7, At(500)), new(1, 0.6, At(100)), new(1, 0.2, At(700)), new(2, 0.5, At(0))]);
        return evaluator;
    }

    [Fact]
    public void SummarizeCategories_CurveAndBestThreshold_AreThoseCountedByHand()
    {
        var categories = Evaluated().SummarizeCategories();

        Assert.Equal([1, 2], categories.Select(category => category.CategoryId));
        var (first, second) = (categories[0], categories[1]);
        Assert.Equal((3, 4), (first.Objects, first.Detections));
        Assert.Equal(
            [(0.9, 1, 0.3333), (0.7, 0.5, 0.3333), (0.6, 0.6667, 0.6667), (0.2, 0.5, 0.6667)],
            first.Curve.Select(point => (point.Score, Math.Round(point.Precision, 4), Math.Round(point.Recall, 4))));
        Assert.Equal(0.6, first.Best!.Value.Score);
        Assert.Equal(2 / 3.0, first.Best.Value.F1, 1e-9);

        // Between the best score and the next: what scores 0.6 is above it, what scores 0.2 is not.
        Assert.Equal(0.4, first.BestThreshold(0.05)!.Value, 1e-9);

        // Detections of a class without objects make nothing that could be measured.
        Assert.Equal((0, -1.0, -1.0), (second.Objects, second.Ap, second.ApSmall));
        Assert.Null(second.BestThreshold(0.05));
    }

    [Fact]
    public void SummarizeCategories_Mean_IsTheNumberOfAll()
    {
        var evaluator = Evaluated();
        var metrics = evaluator.Summarize();
        var measured = evaluator.SummarizeCategories().Where(category => category.Objects > 0).ToArray();

        Assert.Equal(metrics.Ap, measured.Average(category => category.Ap), 1e-12);
        Assert.Equal(metrics.Ap50, measured.Average(category => category.Ap50), 1e-12);
        Assert.Equal(metrics.Ap75, measured.Average(category => category.Ap75), 1e-12);
        Assert.Equal(metrics.ApMedium, measured.Average(category => category.ApMedium), 1e-12);
    }

    [Fact]
    public void BestThreshold_BestIsTheLowestScore_LiesAboveTheThresholdOfTheEvaluation()
    {
        var evaluator = new CocoEvaluator();
        evaluator.Add([new(1, At(0), 2500, false)], [new(1, 0.3, At(0))]);

        var threshold = evaluator.SummarizeCategories()[0].BestThreshold(0.1)!.Value;

        Assert.InRange(threshold, 0.1, 0.3 - 1e-6);
    }

    [Fact]
    public void ConfusionMatrix_EachObject_IsTakenOnceAndByItsOwnClassFirst()
    {
        var matrix = new ConfusionMatrix();

        // A surer cat lies on the dog, too; the second object is taken for a cat; the third is missed; one detection is of nothing, and
        // one lies in a crowd.
        var pairs = matrix.Add(
            [new(1, At(0), 2500, false), new(1, At(100), 2500, false), new(2, At(200), 2500, false), new(1, new(600, 0, 400, 50), 1, true)],
            [new(2, 0.9, At(0)), new(1, 0.5, At(1)), new(2, 0.4, At(101)), new(1, 0.3, At(400)), new(1, 0.3, At(700))]);

        Assert.Equal(
            new Dictionary<(int, int), int>
            {
                [(-1, 1)] = 1,
                [(-1, 2)] = 1,
                [(1, 1)] = 1,
                [(1, 2)] = 1,
                [(2, -1)] = 1,
            },
            matrix.Counts.ToDictionary());
        Assert.Equal([(-1, 0), (-1, 3), (0, 1), (1, 2), (2, -1)], pairs.Order());
    }

    [Fact]
    public async Task CocoResults_RoundTrip_LosesNothing()
    {
        using var stream = new MemoryStream();
        IReadOnlyList<CocoDetection> detections = [new(3, 0.123456789, new(1.5, 2, 3, 4)), new(1, 0.5, At(7))];
        await CocoResults.WriteAsync(stream, [(7, detections), (8, [])], TestContext.Current.CancellationToken);
        stream.Position = 0;

        var read = await CocoResults.ReadAsync(stream, TestContext.Current.CancellationToken);

        Assert.Equal(detections, read[7]);
        Assert.Equal([7L], read.Select(group => group.Key));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[{\"image_id\":1}]")]
    [InlineData("[{\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,3],\"score\":0.5}]")]
    [InlineData("no json")]
    public async Task CocoResults_OtherFile_IsNamed(string json)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));

        var failure = await Assert.ThrowsAsync<EvaluationException>(
            () => CocoResults.ReadAsync(stream, TestContext.Current.CancellationToken));
        Assert.Equal("invalid_detections", failure.Code);
    }
}
