namespace Nanodet.Detection.Postprocessing;

/// <summary>A box of one class in tensor pixels, before non-maximum suppression.</summary>
/// <param name="X1">Left edge.</param>
/// <param name="Y1">Top edge.</param>
/// <param name="X2">Right edge.</param>
/// <param name="Y2">Bottom edge.</param>
/// <param name="Score">0..1.</param>
/// <param name="ClassId">Label of the class.</param>
/// <param name="Index">Point times classes plus class: decides between equal scores.</param>
internal readonly record struct Candidate(float X1, float Y1, float X2, float Y2, float Score, int ClassId, int Index)
    : IComparable<Candidate>
{
    /// <summary>Highest score first; of equal scores the lowest index.</summary>
    public int CompareTo(Candidate other)
    {
        var byScore = other.Score.CompareTo(Score);
        return byScore != 0 ? byScore : Index.CompareTo(other.Index);
    }
}
