using Nanodet.Detection.Description;
using Nanodet.Detection.Postprocessing;

namespace Nanodet.Serverless.Detection.Tests.Postprocessing;

public sealed class BoxDecoderTests
{
    private static ModelDescription Model(HeadKind head, ScoreActivation activation = ScoreActivation.Sigmoid) => new()
    {
        Name = "test",
        Head = head,
        ClassNames = ["a", "b"],
        Strides = [8, 16],
        RegMax = 7,
        Input = new ModelInput(96, 64, KeepRatio: false),
        Mean = [0, 0, 0],
        Std = [1, 1, 1],
        Activation = activation,
    };

    // Equal logits: the mean bin is 3.5, so that each side is 28 pixels away at stride 8.
    [Theory]
    [InlineData(HeadKind.Plus, 12, 4, 68, 60)]
    [InlineData(HeadKind.Legacy, 16, 8, 72, 64)]
    public void Decode_UniformDistances_PutsABoxAroundTheCentrePrior(HeadKind head, float x1, float y1, float x2, float y2)
    {
        var model = Model(head);
        var output = new float[model.PointCount(64, 96) * model.Columns];
        var point = (4 * 12) + 5;
        output[(point * model.Columns) + 1] = 0.75f;

        using var candidates = new CandidateBuffer();
        new BoxDecoder(model, 0.5f).Decode(output, 64, 96, candidates);

        var candidate = Assert.Single(candidates.Items.ToArray());
        Assert.Equal(new Candidate(x1, y1, x2, y2, 0.75f, 1, (point * 2) + 1), candidate);
    }

    [Fact]
    public void Decode_PeakedDistances_GivesEachSideItsOwnBin()
    {
        var model = Model(HeadKind.Plus);
        var output = new float[model.PointCount(64, 96) * model.Columns];

        // Point (x 3, y 2) of the second level: centre (48, 32), sides 1, 0, 2 and 1.5 times 16.
        var point = (12 * 8) + (2 * 6) + 3;
        var values = output.AsSpan(point * model.Columns, model.Columns);
        values[0] = 0.9f;
        values[2 + 1] = 100;
        values[2 + 8 + 0] = 100;
        values[2 + 16 + 2] = 100;
        values[2 + 24 + 1] = 100;
        values[2 + 24 + 2] = 100;

        using var candidates = new CandidateBuffer();
        new BoxDecoder(model, 0.5f).Decode(output, 64, 96, candidates);

        Assert.Equal(new Candidate(32, 32, 80, 56, 0.9f, 0, point * 2), Assert.Single(candidates.Items.ToArray()));
    }

    [Fact]
    public void Decode_BoxBeyondTheTensor_IsClippedToIt()
    {
        var model = Model(HeadKind.Plus);
        var output = new float[model.PointCount(64, 96) * model.Columns];
        var last = (12 * 8) + (3 * 6) + 5;
        output[0] = 0.9f;
        output[last * model.Columns] = 0.8f;

        using var candidates = new CandidateBuffer();
        new BoxDecoder(model, 0.5f).Decode(output, 64, 96, candidates);

        Assert.Equal(
            [new Candidate(0, 0, 28, 28, 0.9f, 0, 0), new Candidate(24, 0, 96, 64, 0.8f, 0, last * 2)],
            candidates.Items.ToArray());
    }

    [Fact]
    public void Decode_ScoreEqualToTheThreshold_IsNotTaken()
    {
        var model = Model(HeadKind.Plus);
        var output = new float[model.PointCount(64, 96) * model.Columns];
        output[0] = 0.5f;
        output[1] = MathF.BitIncrement(0.5f);

        using var candidates = new CandidateBuffer();
        new BoxDecoder(model, 0.5f).Decode(output, 64, 96, candidates);

        Assert.Equal(1, Assert.Single(candidates.Items.ToArray()).ClassId);
    }

    [Fact]
    public void Decode_Logits_AppliesTheSigmoid()
    {
        var model = Model(HeadKind.Plus, ScoreActivation.None);
        var output = Enumerable.Repeat(-50f, model.PointCount(64, 96) * model.Columns).ToArray();
        output[0] = 1;

        using var candidates = new CandidateBuffer();
        new BoxDecoder(model, 0.5f).Decode(output, 64, 96, candidates);

        Assert.Equal(0.7310586f, Assert.Single(candidates.Items.ToArray()).Score, 1e-6f);
    }

    [Theory]
    [InlineData(float.NaN, 0f)]
    [InlineData(0.9f, float.NaN)]
    [InlineData(0.9f, float.PositiveInfinity)]
    public void Decode_ValuesThatAreNoNumbers_GiveNoCandidate(float score, float logit)
    {
        var model = Model(HeadKind.Plus);
        var output = new float[model.PointCount(64, 96) * model.Columns];
        output[0] = score;
        output[2] = logit;

        using var candidates = new CandidateBuffer();
        new BoxDecoder(model, 0.5f).Decode(output, 64, 96, candidates);

        Assert.Equal(0, candidates.Items.Length);
    }
}
