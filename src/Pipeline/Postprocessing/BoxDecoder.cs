using Nanodet.Serverless.Pipeline.Models;

namespace Nanodet.Serverless.Pipeline.Postprocessing;

/// <summary>
/// Turns one image's output into boxes in tensor pixels (generalized focal loss, Li et al. 2020: a side's distance is the expectation
/// of a softmax over its bins). The scores are thresholded first, so that only few points are decoded.
/// </summary>
internal sealed class BoxDecoder(ModelDescription model)
{
    private const int Sides = 4;
    private readonly float _priorOffset = model.Head == HeadKind.Legacy ? 0.5f : 0f;
    private readonly int _classes = model.ClassNames.Count;
    private readonly int _bins = model.RegMax + 1;

    /// <summary>Adds a candidate for each point and class whose score exceeds the threshold.</summary>
    /// <param name="output">Points times columns, row-major.</param>
    /// <param name="tensorHeight">Rows of the input tensor, in pixels; boxes are clipped to it.</param>
    /// <param name="tensorWidth">Columns of the input tensor, in pixels; boxes are clipped to it.</param>
    /// <param name="scoreThreshold">0..1; a score has to be greater.</param>
    /// <param name="candidates">Receives the boxes, by point and then class.</param>
    internal void Decode(
        ReadOnlySpan<float> output,
        int tensorHeight,
        int tensorWidth,
        float scoreThreshold,
        CandidateBuffer candidates)
    {
        var point = 0;
        foreach (var stride in model.Strides)
        {
            var rows = ModelDescription.CeilingDivide(tensorHeight, stride);
            var columns = ModelDescription.CeilingDivide(tensorWidth, stride);
            for (var y = 0; y < rows; y++)
            {
                for (var x = 0; x < columns; x++, point++)
                {
                    var values = output.Slice(point * model.Columns, model.Columns);
                    var prior = new Prior((x + _priorOffset) * stride, (y + _priorOffset) * stride, stride, tensorWidth, tensorHeight);
                    DecodePoint(values, prior, point, scoreThreshold, candidates);
                }
            }
        }
    }

    private void DecodePoint(ReadOnlySpan<float> values, Prior prior, int point, float threshold, CandidateBuffer candidates)
    {
        Candidate? box = null;
        for (var classId = 0; classId < _classes; classId++)
        {
            var score = model.Activation == ScoreActivation.Sigmoid ? values[classId] : Sigmoid(values[classId]);
            if (!(score > threshold))
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

    private Candidate Box(ReadOnlySpan<float> distances, Prior prior)
    {
        Span<float> sides = stackalloc float[Sides];
        for (var side = 0; side < Sides; side++)
        {
            sides[side] = Expectation(distances.Slice(side * _bins, _bins)) * prior.Stride;
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

    /// <summary>The mean bin under the softmax of the logits, in float32, with the largest logit subtracted first.</summary>
    private static float Expectation(ReadOnlySpan<float> logits)
    {
        var largest = logits[0];
        foreach (var logit in logits[1..])
        {
            largest = Math.Max(largest, logit);
        }

        var sum = 0f;
        var weighted = 0f;
        for (var bin = 0; bin < logits.Length; bin++)
        {
            var weight = MathF.Exp(logits[bin] - largest);
            sum += weight;
            weighted += bin * weight;
        }

        return weighted / sum;
    }

    private static float Sigmoid(float logit) => 1f / (1f + MathF.Exp(-logit));

    /// <summary>A point's centre prior and the tensor's edges, in tensor pixels.</summary>
    private readonly record struct Prior(float X, float Y, int Stride, float MaxX, float MaxY);
}
