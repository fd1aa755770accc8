using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Detection.Tests.Evaluation;

/// <summary>Cases small enough to be worked out by hand, and random ones against an independent computation.</summary>
public class CocoEvaluatorTests
{
    private static readonly CocoBox Medium = new(10, 10, 50, 50);
    private static readonly CocoBox Elsewhere = new(200, 200, 50, 50);

    [Fact]
    public void Summarize_Perfect_IsOneWhereThereAreObjects()
    {
        var metrics = Evaluate([Truth(Medium)], [Detection(Medium, 0.9)]);

        Assert.Equal(new CocoMetrics(1, 1, 1, -1, 1, -1, 1, 1, 1, -1, 1, -1), metrics);
    }

    [Fact]
    public void Summarize_AllFalse_IsZero()
    {
        var metrics = Evaluate([Truth(Medium)], [Detection(Elsewhere, 0.9)]);

        Assert.Equal(new CocoMetrics(0, 0, 0, -1, 0, -1, 0, 0, 0, -1, 0, -1), metrics);
    }

    [Fact]
    public void Summarize_NothingDetected_IsZero() => Assert.Equal(0, Evaluate([Truth(Medium)], []).Ap);

    [Fact]
    public void Summarize_NoObjects_IsMinusOne() => Assert.Equal(-1, Evaluate([], [Detection(Medium, 0.9)]).Ap);

    [Fact]
    public void Summarize_DuplicateBehindTheHit_CostsNothing()
    {
        // Precision 1, then 1/2, at recall 1 from the first on: the best precision at every recall is 1.
        Assert.Equal(1, Evaluate([Truth(Medium)], [Detection(Medium, 0.9), Detection(Medium, 0.8)]).Ap, 12);
    }

    [Fact]
    public void Summarize_MissBeforeTheHit_HalvesThePrecision()
    {
        // Precision 0, then 1/2 at recall 1.
        Assert.Equal(0.5, Evaluate([Truth(Medium)], [Detection(Elsewhere, 0.9), Detection(Medium, 0.8)]).Ap, 12);
    }

    [Fact]
    public void Summarize_OneOfTwoFound_CountsTheRecallsUpToOneHalf()
    {
        // Precision 1 up to recall 0.5: 51 of 101 points.
        var metrics = Evaluate([Truth(Medium), Truth(Elsewhere)], [Detection(Medium, 0.9)]);
        Assert.Equal(51.0 / 101, metrics.Ap, 12);
        Assert.Equal(0.5, metrics.Ar100, 12);
    }

    [Fact]
    public void Summarize_OverlapOfEightTenths_HitsSevenOfTenThresholds()
    {
        // 0.50, 0.55, ... 0.80: an overlap that lies on a threshold reaches it.
        var metrics = Evaluate([Truth(new CocoBox(0, 0, 50, 50))], [Detection(new CocoBox(0, 0, 50, 40), 0.9)]);
        Assert.Equal(0.7, metrics.Ap, 12);
        Assert.Equal(1, metrics.Ap50);
        Assert.Equal(1, metrics.Ap75);
        Assert.Equal(0.7, metrics.Ar100, 12);
    }

    [Fact]
    public void Summarize_FewDetectionsAllowed_LimitTheRecallOfEachImage()
    {
        var truths = Enumerable.Range(0, 20).Select(i => Truth(new CocoBox(i * 60, 0, 50, 50))).ToArray();
        var metrics = Evaluate(truths, [.. truths.Select((truth, i) => Detection(truth.Box, 0.9 - (i * 0.01)))]);
        Assert.Equal(1.0 / 20, metrics.Ar1, 12);
        Assert.Equal(10.0 / 20, metrics.Ar10, 12);
        Assert.Equal(1, metrics.Ar100, 12);
    }

    [Fact]
    public void Summarize_DetectionsInACrowd_CountAsNeither()
    {
        var crowd = new CocoTruth(1, new CocoBox(300, 0, 200, 100), 20_000, IsCrowd: true);
        var metrics = Evaluate(
            [Truth(Medium), crowd],
            [Detection(new CocoBox(310, 10, 50, 50), 0.95), Detection(new CocoBox(320, 20, 50, 50), 0.9), Detection(Medium, 0.8)]);
        Assert.Equal(1, metrics.Ap, 12);
        Assert.Equal(1, metrics.Ar100, 12);
        Assert.Equal(-1, metrics.ApLarge);
    }

    [Fact]
    public void Summarize_DetectionHalfInACrowd_GoesByItsOwnArea()
    {
        // 60 % of the detection lies in the crowd: ignored at 0.50, 0.55 and 0.60, a miss above.
        var crowd = new CocoTruth(1, new CocoBox(300, 0, 200, 100), 20_000, IsCrowd: true);
        var metrics = Evaluate([Truth(Medium), crowd], [Detection(new CocoBox(280, 0, 50, 50), 0.95), Detection(Medium, 0.8)]);
        Assert.Equal(((3 * 1) + (7 * 0.5)) / 10, metrics.Ap, 12);
    }

    [Fact]
    public void Summarize_Sizes_GoByTheAreaOfTheAnnotation()
    {
        var small = new CocoTruth(1, new CocoBox(0, 0, 40, 40), Area: 900, IsCrowd: false);
        var large = new CocoTruth(1, new CocoBox(100, 100, 100, 100), Area: 10_000, IsCrowd: false);
        var metrics = Evaluate([small, large], [Detection(small.Box, 0.9), Detection(Elsewhere with { X = 500 }, 0.8)]);
        Assert.Equal(1, metrics.ApSmall, 12);
        Assert.Equal(1, metrics.ArSmall, 12);
        Assert.Equal(-1, metrics.ApMedium);
        Assert.Equal(0, metrics.ApLarge, 12);
        Assert.Equal(0.5, metrics.Ar100, 12);
    }

    [Fact]
    public void Summarize_MissOfAnotherSize_IsIgnoredInASizeClass()
    {
        // The miss is medium: it halves the precision over all, and costs the small class nothing.
        var small = new CocoTruth(1, new CocoBox(0, 0, 20, 20), Area: 400, IsCrowd: false);
        var metrics = Evaluate([small], [Detection(Elsewhere, 0.95), Detection(small.Box, 0.9)]);
        Assert.Equal(0.5, metrics.Ap, 12);
        Assert.Equal(1, metrics.ApSmall, 12);
    }

    [Fact]
    public void Summarize_Categories_AreAveragedNotMixed()
    {
        var metrics = Evaluate(
            [Truth(Medium), Truth(Elsewhere, category: 90)],
            [Detection(Medium, 0.9), Detection(Elsewhere, 0.9)]);
        Assert.Equal(0.5, metrics.Ap, 12);
        Assert.Equal(0.5, metrics.Ar100, 12);
    }

    [Fact]
    public void Summarize_HundredAndFirstDetection_IsDropped()
    {
        var misses = Enumerable.Range(0, 100).Select(i => Detection(new CocoBox(1000 + (i * 60), 0, 50, 50), 0.9));
        Assert.Equal(0, Evaluate([Truth(Medium)], [.. misses, Detection(Medium, 0.1)]).Ap);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Summarize_RandomImages_AgreesWithIndependentComputation(int seed)
    {
        var random = new Random(seed);
        var images = Enumerable.Range(0, 40).Select(_ => RandomImage(random)).ToList();
        var evaluator = new CocoEvaluator();
        images.ForEach(image => evaluator.Add(image.Truths, image.Detections));

        var metrics = evaluator.Summarize();
        var naive = new NaiveCoco(images);

        Assert.InRange(metrics.Ap, 0.05, 0.95);
        Assert.Equal(naive.Precision(0.5, 0.95, 0, 1e10), metrics.Ap, 10);
        Assert.Equal(naive.Precision(0.5, 0.5, 0, 1e10), metrics.Ap50, 10);
        Assert.Equal(naive.Precision(0.75, 0.75, 0, 1e10), metrics.Ap75, 10);
        Assert.Equal(naive.Precision(0.5, 0.95, 0, 1024), metrics.ApSmall, 10);
        Assert.Equal(naive.Precision(0.5, 0.95, 1024, 9216), metrics.ApMedium, 10);
        Assert.Equal(naive.Precision(0.5, 0.95, 9216, 1e10), metrics.ApLarge, 10);
        Assert.Equal(naive.Recall(1, 0, 1e10), metrics.Ar1, 10);
        Assert.Equal(naive.Recall(10, 0, 1e10), metrics.Ar10, 10);
        Assert.Equal(naive.Recall(100, 0, 1e10), metrics.Ar100, 10);
        Assert.Equal(naive.Recall(100, 0, 1024), metrics.ArSmall, 10);
        Assert.Equal(naive.Recall(100, 1024, 9216), metrics.ArMedium, 10);
        Assert.Equal(naive.Recall(100, 9216, 1e10), metrics.ArLarge, 10);
    }

    private static (IReadOnlyList<CocoTruth> Truths, IReadOnlyList<CocoDetection> Detections) RandomImage(Random random)
    {
        CocoBox Box()
        {
            var side = Math.Pow(10, 0.9 + (random.NextDouble() * 1.4));
            return new CocoBox(random.NextDouble() * 400, random.NextDouble() * 400, side * (0.5 + random.NextDouble()), side * (0.5 + random.NextDouble()));
        }

        var truths = new List<CocoTruth>();
        var detections = new List<CocoDetection>();
        for (var i = random.Next(12); i > 0; i--)
        {
            var box = Box();
            var category = random.Next(1, 5);
            truths.Add(new CocoTruth(category, box, box.Area * (0.6 + (0.4 * random.NextDouble())), random.NextDouble() < 0.1));
            for (var copies = random.Next(3); copies > 0; copies--)
            {
                var shift = box.Width * 0.2 * (random.NextDouble() - 0.5);
                detections.Add(new CocoDetection(
                    random.NextDouble() < 0.9 ? category : random.Next(1, 5),
                    Math.Round(random.NextDouble(), 2),
                    box with { X = box.X + shift, Width = box.Width * (0.9 + (0.2 * random.NextDouble())) }));
            }
        }

        for (var i = random.Next(4); i > 0; i--)
        {
            detections.Add(new CocoDetection(random.Next(1, 6), Math.Round(random.NextDouble(), 2), Box()));
        }

        return (truths, detections);
    }

    private static CocoMetrics Evaluate(CocoTruth[] truths, CocoDetection[] detections)
    {
        var evaluator = new CocoEvaluator();
        evaluator.Add(truths, detections);
        return evaluator.Summarize();
    }

    private static CocoTruth Truth(CocoBox box, int category = 1) => new(category, box, box.Area, IsCrowd: false);

    private static CocoDetection Detection(CocoBox box, double score) => new(1, score, box);
}
