namespace Nanodet.Detection.Forms;

/// <summary>In which precision a model is to be served.</summary>
public enum PrecisionChoice
{
    /// <summary>
    /// What fits the processor: on a GPU the float16 form where there is one; on a CPU float32, or int8 where a measurement at load shows
    /// that it is faster. A model of one file is served as it is.
    /// </summary>
    Auto,

    /// <summary>Float32, on every processor.</summary>
    Float32,

    /// <summary>Half precision, on every processor; slow on a CPU.</summary>
    Float16,

    /// <summary>8 bits, on every processor, also where that is slower.</summary>
    Int8,
}
