using Nanodet.Detection.Description;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Serverless.Detection.Tests.Postprocessing;

/// <summary>Each fast path of the postprocessing against its plain twin.</summary>
public sealed class PostprocessingTwinTests
{
    private static readonly float[] Awkward =
        [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f, -0f, float.Epsilon, 1f, float.MaxValue, float.MinValue];

    [Fact]
    public void NextAbove_AnyLengthAndThreshold_EqualsItsTwin()
    {
        var random = new Random(1);
        for (var length = 0; length < 120; length++)
        {
            for (var round = 0; round < 20; round++)
            {
                var threshold = random.Next(4) == 0 ? Awkward[random.Next(Awkward.Length)] : random.NextSingle();
                var values = Enumerable.Range(0, length).Select(_ => Value(threshold)).ToArray();
                for (var from = 0; from <= length; from++)
                {
                    Assert.Equal(ScoreScan.ScalarNextAbove(values, from, threshold), ScoreScan.NextAbove(values, from, threshold));
                }
            }
        }

        float Value(float threshold) => random.Next(8) switch
        {
            0 => threshold,
            1 => MathF.BitIncrement(threshold),
            2 => Awkward[random.Next(Awkward.Length)],
            _ => threshold - random.NextSingle(),
        };
    }

    [Fact]
    public void Of_AnyLogits_AgreesWithItsTwin()
    {
        var random = new Random(2);
        for (var round = 0; round < 20_000; round++)
        {
            var logits = new float[random.Next(5) == 0 ? random.Next(2, 20) : 8];
            var scale = MathF.Pow(10, random.Next(-3, 4));
            for (var i = 0; i < logits.Length; i++)
            {
                logits[i] = random.Next(50) == 0 ? Awkward[random.Next(Awkward.Length)] : (random.NextSingle() - 0.5f) * scale;
            }

            var (expected, actual) = (BinMean.ScalarOf(logits), BinMean.Of(logits));

            // Both are means of 0 to 7 by float32 weights; NaN has to be NaN in both.
            Assert.Equal(float.IsNaN(expected), float.IsNaN(actual));
            Assert.True(float.IsNaN(expected) || MathF.Abs(expected - actual) < 5e-6f, $"{expected} and {actual} of {string.Join(", ", logits)}");
        }
    }

    [Fact]
    public void Apply_AnyBoxes_KeepsWhatItsTwinKeeps()
    {
        var random = new Random(3);
        foreach (var iouThreshold in (float[])[0, 0.25f, 0.5f, 0.6f, 1])
        {
            for (var count = 0; count < 120; count++)
            {
                // Few scores, coordinates and classes: many ties, equal boxes, empty boxes and IoUs that are exactly the threshold.
                var boxes = Enumerable.Range(0, count).OrderBy(_ => random.Next()).Select(index =>
                {
                    var (x, y) = (random.Next(8), random.Next(8));
                    return new Candidate(x, y, x + random.Next(6), y + random.Next(6), random.Next(1, 6) / 5f, random.Next(3), index);
                }).ToArray();
                foreach (var most in (int[])[1, 7, 100])
                {
                    var (expected, actual) = (new int[most], new int[most]);
                    var kept = NonMaximumSuppression.ScalarApply(boxes, iouThreshold, expected);
                    Assert.Equal(kept, NonMaximumSuppression.Apply(boxes, iouThreshold, actual));
                    Assert.Equal(expected[..kept], actual[..kept]);
                }
            }
        }
    }

    [Fact]
    public void Suppresses_AnyKeptBoxes_EqualsItsTwin()
    {
        var random = new Random(4);
        for (var count = 0; count < 70; count++)
        {
            using var kept = new KeptBoxes(count);
            for (var i = 0; i < count; i++)
            {
                kept.Add(Box());
            }

            for (var round = 0; round < 50; round++)
            {
                var candidate = Box();
                Assert.Equal(kept.ScalarSuppresses(candidate, 0.5f), kept.Suppresses(candidate, 0.5f));
            }
        }

        Candidate Box()
        {
            var (x, y) = (random.NextSingle() * 10, random.NextSingle() * 10);
            return new Candidate(x, y, x + (random.NextSingle() * 20), y + (random.NextSingle() * 20), 0.5f, random.Next(100), 0);
        }
    }

    // Where the graph left the sigmoid out, logits are compared first and scores then.
    [Theory]
    [InlineData(0f)]
    [InlineData(1e-7f)]
    [InlineData(0.05f)]
    [InlineData(0.35f)]
    [InlineData(0.999f)]
    [InlineData(0.9999999f)]
    [InlineData(1f)]
    public void Decode_Logits_GivesEveryScoreAboveTheThreshold(float threshold)
    {
        var random = new Random(5);
        var model = new ModelDescription
        {
            Name = "logits",
            Head = HeadKind.Plus,
            ClassNames = [.. Enumerable.Range(0, 37).Select(i => $"class {i}")],
            Strides = [8],
            RegMax = 7,
            Input = new ModelInput(96, 64, KeepRatio: false),
            Mean = [0, 0, 0],
            Std = [1, 1, 1],
            Activation = ScoreActivation.None,
        };
        var centre = (float)Math.Clamp(Math.Log(threshold / (1.0 - threshold)), -30, 30);
        var output = new float[model.PointCount(64, 96) * model.Columns];
        for (var i = 0; i < output.Length; i++)
        {
            var isScore = i % model.Columns < model.ClassNames.Count;
            output[i] = !isScore ? 0 : random.Next(20) == 0 ? Awkward[random.Next(Awkward.Length)] : centre + ((random.NextSingle() - 0.5f) * 1e-3f);
        }

        using var candidates = new CandidateBuffer();
        new BoxDecoder(model, threshold).Decode(output, 64, 96, candidates);

        var expected = output
            .Select((logit, i) => (Score: 1f / (1f + MathF.Exp(-logit)), Point: i / model.Columns, Class: i % model.Columns))
            .Where(item => item.Class < model.ClassNames.Count && item.Score > threshold)
            .Select(item => ((item.Point * model.ClassNames.Count) + item.Class, item.Score));
        Assert.Equal(expected, candidates.Items.ToArray().Select(candidate => (candidate.Index, candidate.Score)));
    }
}
