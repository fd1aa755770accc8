using System.Runtime.CompilerServices;
using Nanodet.Detection.Description;

namespace Nanodet.Detection.Postprocessing;

/// <summary>
/// Turns one image's output into boxes in tensor pixels (generalized focal loss, Li et al. 2020: a side's distance is the expectation
/// of a softmax over its bins). The scores are thresholded first, so that only few points are decoded.
/// </summary>
internal sealed class BoxDecoder
{
    private const int Sides = 4;
    private readonly ModelDescription _model;
    private readonly float _scoreThreshold;
    private readonly float _columnThreshold;
    private readonly float _priorOffset;
    private readonly int _classes;
    private readonly int _bins;

    /// <summary>Prepares a decoder.</summary>
    /// <param name="model">What the output is of.</param>
    /// <param name="scoreThreshold">0..1; a score has to be greater.</param>
    internal BoxDecoder(ModelDescription model, float scoreThreshold)
    {
        _model = model;
        _scoreThreshold = scoreThreshold;
        _columnThreshold = model.Activation == ScoreActivation.Sigmoid ? scoreThreshold : LogitBelow(scoreThreshold);
        _priorOffset = model.Head == HeadKind.Legacy ? 0.5f : 0f;
        _classes = model.ClassNames.Count;
        _bins = model.RegMax + 1;
    }

    /// <summary>Adds a candidate for each point and class whose score exceeds the threshold.</summary>
    /// <param name="output">Points times columns, row-major.</param>
    /// <param name="tensorHeight">Rows of the input tensor, in pixels; boxes are clipped to it.</param>
    /// <param name="tensorWidth">Columns of the input tensor, in pixels; boxes are clipped to it.</param>
    /// <param name="candidates">Receives the boxes, by point and then class.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Decode(ReadOnlySpan<float> output, int tensorHeight, int tensorWidth, CandidateBuffer candidates)
    {
        var (point, length) = (0, _model.Columns);
        foreach (var stride in _model.Strides)
        {
            var rows = ModelDescription.CeilingDivide(tensorHeight, stride);
            var columns = ModelDescription.CeilingDivide(tensorWidth, stride);
            for (var y = 0; y < rows; y++)
            {
                for (var x = 0; x < columns; x++, point++)
                {
                    var values = output.Slice(point * length, length);
                    var classId = ScoreScan.NextAbove(values[.._classes], 0, _columnThreshold);
                    if (classId < _classes)
                    {
                        var prior = new Prior((x + _priorOffset) * stride, (y + _priorOffset) * stride, stride, tensorWidth, tensorHeight);
                        DecodePoint(values, classId, prior, point, candidates);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DecodePoint(ReadOnlySpan<float> values, int classId, Prior prior, int point, CandidateBuffer candidates)
    {
        Candidate? box = null;
        for (; classId < _classes; classId = ScoreScan.NextAbove(values[.._classes], classId + 1, _columnThreshold))
        {
            var score = _model.Activation == ScoreActivation.Sigmoid ? values[classId] : Sigmoid(values[classId]);
            if (!(score > _scoreThreshold))
            {
                continue;
            }

            box ??= Box(values[_classes..], prior);
            if (!float.IsFinite(box.Value.X1 + box.Value.Y1 + box.Value.X2 + box.Value.Y2))
            {
                return;
            }

            candidates.Add(box.Value with { Score = score, ClassId = classId, Index = (point * _classes) + classId });
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Candidate Box(ReadOnlySpan<float> distances, Prior prior)
    {
        Span<float> sides = stackalloc float[Sides];
        for (var side = 0; side < Sides; side++)
        {
            sides[side] = BinMean.Of(distances.Slice(side * _bins, _bins)) * prior.Stride;
        }

        return new Candidate(
            Math.Clamp(prior.X - sides[0], 0, prior.MaxX),
            Math.Clamp(prior.Y - sides[1], 0, prior.MaxY),
            Math.Clamp(prior.X + sides[2], 0, prior.MaxX),
            Math.Clamp(prior.Y + sides[3], 0, prior.MaxY),
            Score: 0,
            ClassId: 0,
            Index: 0);
    }

    private static float Sigmoid(float logit) => 1f / (1f + MathF.Exp(-logit));

    /// <summary>A logit whose score is certainly not above a threshold; what exceeds it is looked at closely.</summary>
    private static float LogitBelow(float scoreThreshold)
    {
        const double roundingOfScores = 1e-6;
        var below = scoreThreshold - roundingOfScores;
        return below <= 0 ? float.NegativeInfinity : (float)(Math.Log(below / (1 - below)) - 1e-3);
    }

    /// <summary>A point's centre prior and the tensor's edges, in tensor pixels.</summary>
    private readonly record struct Prior(float X, float Y, int Stride, float MaxX, float MaxY);
}
