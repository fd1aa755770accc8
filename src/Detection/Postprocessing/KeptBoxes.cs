using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Nanodet.Detection.Postprocessing;

/// <summary>
/// The boxes that a suppression has kept, one array for each coordinate so that a vector holds the same coordinate of several boxes.
/// Disposing returns the arrays.
/// </summary>
internal ref struct KeptBoxes : IDisposable
{
    private const int Fields = 6;
    private readonly int _capacity;
    private float[] _values;
    private int _count;

    internal KeptBoxes(int capacity)
    {
        // Whole vectors are read: the places behind the last box belong to no class.
        _capacity = capacity + Vector512<float>.Count;
        _values = ArrayPool<float>.Shared.Rent(Fields * _capacity);
        Field(0).Fill(-1);
    }

    internal readonly int Count => _count;

    internal void Add(in Candidate box)
    {
        Field(0)[_count] = box.ClassId;
        Field(1)[_count] = box.X1;
        Field(2)[_count] = box.Y1;
        Field(3)[_count] = box.X2;
        Field(4)[_count] = box.Y2;
        Field(5)[_count] = NonMaximumSuppression.Area(box);
        _count++;
    }

    /// <summary>Whether a kept box of the candidate's class overlaps it with an IoU above the threshold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal readonly bool Suppresses(in Candidate candidate, float iouThreshold)
    {
        if (!Vector256.IsHardwareAccelerated)
        {
            return ScalarSuppresses(candidate, iouThreshold);
        }

        ref var start = ref MemoryMarshal.GetArrayDataReference(_values);
        var (classId, area) = (Vector256.Create((float)candidate.ClassId), Vector256.Create(NonMaximumSuppression.Area(candidate)));
        for (var i = 0; i < _count; i += Vector256<float>.Count)
        {
            var ofClass = Vector256.Equals(Load(ref start, 0, i), classId);
            if (ofClass == Vector256<float>.Zero)
            {
                continue;
            }

            // The same operations in the same order as the plain twin: the same IoU.
            var width = Vector256.Max(
                Vector256<float>.Zero,
                Vector256.Min(Vector256.Create(candidate.X2), Load(ref start, 3, i))
                - Vector256.Max(Vector256.Create(candidate.X1), Load(ref start, 1, i)));
            var height = Vector256.Max(
                Vector256<float>.Zero,
                Vector256.Min(Vector256.Create(candidate.Y2), Load(ref start, 4, i))
                - Vector256.Max(Vector256.Create(candidate.Y1), Load(ref start, 2, i)));
            var intersection = width * height;
            var iou = intersection / (area + Load(ref start, 5, i) - intersection);
            if ((Vector256.GreaterThan(iou, Vector256.Create(iouThreshold)) & ofClass).ExtractMostSignificantBits() != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The plain twin of <see cref="Suppresses"/>.</summary>
    internal readonly bool ScalarSuppresses(in Candidate candidate, float iouThreshold)
    {
        for (var i = 0; i < _count; i++)
        {
            var kept = new Candidate(Field(1)[i], Field(2)[i], Field(3)[i], Field(4)[i], 0, (int)Field(0)[i], 0);
            if (kept.ClassId == candidate.ClassId && NonMaximumSuppression.IntersectionOverUnion(candidate, kept) > iouThreshold)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var values = _values;
        _values = [];
        _count = 0;
        if (values.Length > 0)
        {
            ArrayPool<float>.Shared.Return(values);
        }
    }

    private readonly Span<float> Field(int field) => _values.AsSpan(field * _capacity, _capacity);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector256<float> Load(ref float start, int field, int index) =>
        Vector256.LoadUnsafe(ref start, (nuint)((field * _capacity) + index));
}
