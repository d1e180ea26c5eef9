"""The sections of the settings, one for each step from decoding to the result.

Defaults without a remark were chosen by eye, on the five composed episodes E01–E05.
"""

from __future__ import annotations

from typing import Literal

from .section import Section, setting


class ShotSettings(Section):
    """When two neighbouring frames belong to different shots. Luma and chroma differences are in 8-bit code values.

    The range beside each number: multiplied by 0.5 to 2, by itself, it leaves F1 on E01–E05 at 1.000 (282 boundaries,
    `python -m benchmarks.shot_ranges`, 2026-11-28, those of cuts 2026-11-29). These five composed episodes have few
    hard cases. On ten excerpts of real films the defaults find 66 of 67 boundaries and invent none.
    """

    second_opinion: bool = setting(
        True, "Ask TransNet V2 where a cut or a dissolve is in doubt; on a GPU it sees every frame."
    )
    # E01–E05: from 0.5 to 2 times.
    shortest_shot_s: float = setting(0.25, "Of cuts closer than this only the strongest counts.", unit="s", ge=0, le=5)
    # E01–E05: from 0.5 to 2 times.
    longest_flash_s: float = setting(
        0.25, "A change that is undone within this time is a flash, no cut.", unit="s", ge=0, le=1
    )
    # E01–E05: from 0.85 to 2 times.
    cut_floor: float = setting(
        12.0,
        "Usual least change of a cut in a picture that moves; from a third of it on its evidence is weighed.",
        unit="code values",
        ge=1,
        le=128,
    )
    # E01–E05: from 0.5 to 2 times.
    cut_activity_ratio: float = setting(
        1.7, "A cut usually changes `cut_floor` plus this many times the motion around it.", unit="ratio", ge=1, le=20
    )
    # E01–E05: from 0.5 to 2 times.
    quiet_cut_floor: float = setting(
        5.0,
        "The same in a picture that barely moves; from six tenths of it on its evidence is weighed.",
        unit="code values",
        ge=0.5,
        le=128,
    )
    # E01–E05: from 0.5 to 2 times.
    quiet_cut_ratio: float = setting(
        5.0, "Below `cut_floor`, a cut usually changes this many times the motion around it.", unit="ratio", ge=1, le=50
    )
    # E01–E05: from 0.7 to 1.5 times.
    longest_transition_s: float = setting(
        2.0, "Longest dissolve, and longest half of a fade; also sets the lookahead.", unit="s", ge=0.2, le=4
    )
    # E01–E05: from 0.5 to 2 times.
    cut_tones: float = setting(
        0.1,
        "A cut usually changes the brightness of this share of the pixels, and of twice as many as change around it.",
        unit="ratio",
        ge=0.01,
        le=1,
    )
    # E01–E05: from 0.5 to 2 times.
    full_contrast: float = setting(
        40.0,
        "Deviation of luma from which on the floors count in full; in flatter or darker pictures they shrink, down to "
        "a quarter.",
        unit="code values",
        ge=1,
        le=128,
    )
    # E01–E05: from 0.5 to 2 times.
    dissolve_floor: float = setting(
        12.0, "How far apart the two pictures of a dissolve or fade are (RMS).", unit="code values", ge=2, le=128
    )
    # E01–E05: from 0.95 to 1.03 times only. Real excerpts: 1 boundary invented at half, 10 at 1.5 times.
    dissolve_doubt: float = setting(
        1.35,
        "Largest sum of how far frames lie from a mix of the dissolve's ends (1: the distance of the ends), twice how "
        "unevenly the mix grows, the edge energy left half way (1: that of the ends) and up to 0.2 for length. About "
        "0.5 for still pictures, above 1.35 when something moves instead.",
        ge=0.5,
        le=2,
    )
    # E01–E05: from 0.5 to 1.2 times.
    dissolve_tones: float = setting(
        0.15, "Share of pixels whose brightness differs between a dissolve's ends.", unit="ratio", ge=0, le=1
    )
    # E01–E05: from 0.95 to 1.05 times only.
    dissolve_detail: float = setting(
        0.85, "Edge energy left in the middle of a dissolve, as a share of its ends'.", unit="ratio", ge=0.1, le=2
    )
    # E01–E05: from 0.5 to 2 times.
    black_luma: float = setting(12.0, "A black frame's mean luma is no higher.", unit="luma 0-255", ge=0, le=64)
    # E01–E05: from 0.7 times to 255.
    white_luma: float = setting(235.0, "A white frame's pixels are no darker.", unit="luma 0-255", ge=128, le=255)
    # E01–E05: from 0.5 to 2 times.
    black_deviation: float = setting(3.5, "A black frame's luma deviates no more.", unit="luma 0-255", ge=0, le=32)
    # E01–E05: from 0.5 to 2 times.
    long_black_s: float = setting(
        1.5, "Black or white that lasts longer is a shot of its own.", unit="s", ge=0.1, le=60
    )


class ProbeSettings(Section):
    """Which pictures of a shot the face engines read. The limits are loose, because they are the same for all films."""

    per_shot: int = setting(8, "Pictures of a shot that the face engines look at.", ge=1, le=64)
    edge_s: float = setting(0.32, "Keep this far from the cuts at both ends of a shot.", unit="s", ge=0, le=5)
    # With 0.8 instead of 0.55 the engines read a quarter fewer pictures and chose the same images (2026-11-21).
    spacing_s: float = setting(0.8, "Least time of a shot for each picture.", unit="s", gt=0)
    candidates_per_shot: int = setting(3, "The best of them that are kept as candidates.", ge=1, le=16)
    second_look: int = setting(
        16, "Most stretches of a film that are searched again for better moments; 0 for none.", ge=0, le=256
    )
    divide_after_s: float = setting(
        30.0, "Longer shots are divided into parts, each with pictures of its own.", unit="s", ge=1
    )
    dark_below: float = setting(18.0, "Mean luma below this is too dark.", unit="luma 0-255", ge=0, le=255)
    # In E01-E05 and 14 excerpts of films titles and credits on black had 2.9 % and less, good shots in the dark 4.1 %
    # and more.
    lit_share: float = setting(
        0.03, "A picture as dark as that still counts when this share of it has a luma of 48 and more.", unit="ratio",
        ge=0, le=1,
    )
    bright_above: float = setting(235.0, "Mean luma above this is too bright.", unit="luma 0-255", ge=0, le=255)
    flat_below: float = setting(6.0, "Deviation of luma below this has no picture.", unit="luma 0-255", ge=0, le=128)
    # Real excerpts: frames an editor took, .83 and more of the second around them; smeared ones, from .1 to 1.
    blurred_below: float = setting(
        0.5, "Sharpness below this share of what is usual in the shot is blurred.", unit="ratio", ge=0, le=1
    )
    laplacian_below: float = setting(
        4.0, "Laplacian variance below this is blurred in any film.", unit="squared luma", ge=0
    )


class PoolSettings(Section):
    """The full-size pictures that are kept in memory until the end of the film."""

    frames_at_1080p: int = setting(64, "Room, counted in pictures of 1920x1080 by their bytes.", ge=4, le=4096)
    per_person: int = setting(8, "Most pictures of one person while others wait for room.", ge=1, le=4096)


class FaceSettings(Section):
    """Finding faces and accepting them for a poster."""

    detector_width: int = setting(320, "Width of the picture the detector sees.", unit="px", ge=64, le=4096)
    min_height_ratio: float = setting(
        0.12, "Smallest face for a poster, as a share of the active picture's height.", unit="ratio", ge=0, le=1
    )
    min_score: float = setting(0.6, "Least certainty of the detector.", ge=0, le=1)
    # Of 116 frames judged by eye, closed eyes measured .187 and less, open ones .220 and more.
    eyes_closed_below: float = setting(0.2, "Eye aspect ratio below this is closed.", unit="ratio", ge=0, le=1)
    eyes_closed_share: float = setting(
        0.62, "Eyes less open than this share of what is usual for the person are closed.", unit="ratio", ge=0, le=1
    )
    # 19 films: none of 90 labelled picks lies below, 30 % of 77 frames refused for a face, most with closed eyes.
    gaze_below: float = setting(
        0.25, "Eyes that look less straight than this are cast down, rolled aside or crossed.", ge=0, le=1
    )
    moment_s: float = setting(
        0.32, "Blinks or grimaces this near reject a picture; 0 looks at the picture alone.", unit="s", ge=0, le=2
    )
    max_yaw_deg: float = setting(45.0, "Heads turned further are turned away.", unit="deg", ge=0, le=90)
    max_pitch_deg: float = setting(35.0, "Heads lifted or bowed further are turned away.", unit="deg", ge=0, le=90)


class QualitySettings(Section):
    """How well a face must be photographed. Measured on the middle of its identity chip; grain at one scale of the
    picture (`engines.quality`)."""

    focus_share: float = setting(
        0.2, "Focus below this share of the film's usual faces is blurred.", unit="ratio", ge=0, le=1
    )
    motion_blur_above: float = setting(0.7, "Edges running one way more than this are motion blur.", ge=0, le=1)
    grain_above: float = setting(3.0, "Grain below this is never too much.", unit="luma 0-255", ge=0)
    # Four episodes: shots with noise lie 5.1 to 17.9 times above their film's median, all others 3.5 times at most.
    grain_share: float = setting(4.2, "Grain beyond this many times the film's usual is noisy.", unit="ratio", ge=1)
    burnt_above: float = setting(0.25, "Share of burnt-out pixels beyond which a face is bright.", ge=0, le=1)
    dark_below: float = setting(20.0, "A face whose mean luma is below this is dark.", unit="luma 0-255", ge=0, le=255)
    contrast_below: float = setting(12.0, "Contrast below this is flat.", unit="luma 0-255", ge=0)


class PeopleSettings(Section):
    """Which faces are one person, and who the main characters are."""

    main_characters: int = setting(3, "Most main characters of a video.", ge=1, le=20)
    # E01–E05: BCubed F1 .998 from .934 to .94, .992 at .949, 1.000 at .928, .993 at .91.
    same_person_cosine: float = setting(
        0.94, "Faces at least this alike are one person (balance point of the default network).", ge=-1, le=1
    )
    # E01–E05: the same people with 6 to 24.
    few_tracks: int = setting(12, "With fewer face tracks, average linkage decides instead of density.", ge=0)


class ExpressionSettings(Section):
    """Which expressions are too much for a poster."""

    # 19 films: none of 90 labelled picks lies above, 6 % of 77 frames refused for a face, 4 % of all 700 faces.
    extreme_above: float = setting(1.5, "How much odder than usual an extreme expression is.", unit="deviations", gt=0)
    mouth_above: float = setting(
        0.45, "A mouth open wider than this is extreme; a laugh may open it more.", unit="ratio", gt=0
    )
    shrinkage: float = setting(8.0, "Weight of the video against a character, counted in faces.", unit="faces", ge=0)


class TextSettings(Section):
    """Titles, credits and subtitles."""

    enabled: bool = setting(True, "Look for text in the pictures that could win.")


class MaturitySettings(Section):
    """Sexually explicit pictures, by open_nsfw, which knows nothing else: no violence, no story.

    Its authors say: above 0.8 a picture is explicit with high probability, below 0.2 harmless; 0.5 is the middle.
    engines/README.md says what harmless pictures get. How many explicit ones are found was not measured.
    """

    enabled: bool = setting(True, "Ask of the pictures that could win; off needs no weights for it.")
    refuse_above: float = setting(
        0.8, "Such pictures are never chosen, even where nothing else is left.", unit="probability", ge=0, le=1
    )
    warn_above: float = setting(0.5, "Chosen pictures above this carry a warning.", unit="probability", ge=0, le=1)


class RankWeights(Section):
    """How much each component of the score counts; only their proportions matter."""

    sharpness: float = setting(0.7, "Sharpness of the subject.", ge=0)
    exposure: float = setting(0.6, "Light neither lost nor burnt out.", ge=0)
    colour: float = setting(0.4, "Colourfulness.", ge=0)
    face: float = setting(1.0, "Size and certainty of the leading face.", ge=0)
    eyes: float = setting(1.2, "Open eyes.", ge=0)
    pose: float = setting(0.6, "Turned to the viewer.", ge=0)
    expression: float = setting(1.6, "Natural and pleasant.", ge=0)
    mouth: float = setting(1.2, "Mouth at rest or smiling, not in mid-speech.", ge=0)
    character: float = setting(1.0, "A main character.", ge=0)
    thirds: float = setting(0.4, "Eyes, or the weight of the picture, where the eye looks first.", ge=0)
    headroom: float = setting(0.2, "Room above the head.", ge=0)
    symmetry: float = setting(0.1, "Balance of left and right.", ge=0)
    background: float = setting(0.3, "A calm background.", ge=0)
    stillness: float = setting(0.6, "Nothing moves so fast that it smears: no part, without a face the whole.", ge=0)
    tones: float = setting(0.6, "Without a face: many tones, not a wall or a shadow.", ge=0)
    settled: float = setting(0.1, "Without a face: far from the cuts, where the picture has come to rest.", ge=0)
    text: float = setting(0.3, "No text in the picture, not even small.", ge=0)


class RankSettings(Section):
    """Scores and variety."""

    weights: RankWeights = setting(RankWeights(), "How much each component of the score counts.")
    max_per_shot: int = setting(2, "Most images of one shot; more in a film of few shots.", ge=1, le=100)
    max_per_person: int = setting(2, "Most images led by one person; more in a film of few people.", ge=1, le=100)
    duplicate_cosine: float = setting(
        0.85, "Pictures at least this alike are copies (two frames of one shot are alike by .85 to 1).", ge=-1, le=1
    )
    ignored_reasons: tuple[str, ...] = setting((), "Rejections at the end of the film that do not count.")


class CropSettings(Section):
    """Cutting to formats; what differs between formats is in their own tables."""

    bars: bool = setting(True, "Leave black bars out of crops and judgement; off takes them for picture.")
    bars_margin_px: int = setting(1, "Cut this much more at a side that has bars.", unit="px", ge=0, le=16)
    contact_sheet_columns: int = setting(5, "Images in a row of the contact sheet.", ge=1, le=20)


class BatchSettings(Section):
    """How films share the device; 0 is what suits it (CPU: one at a time, CUDA: as its parts allow)."""

    max_batch: int = setting(
        0, "Pictures the engines look at together, from all films.", affects_result=False, ge=0, le=32
    )
    max_wait_s: float = setting(
        0.0, "How long a batch waits for more of them (CUDA: 0.03).", unit="s", affects_result=False, ge=0, le=1
    )
    in_flight: int = setting(0, "Films worked on at a time.", affects_result=False, ge=0, le=256)


class CudaSettings(Section):
    """How the engines work on a GPU, and what its process leaves to others. Nothing of it was measured on one yet."""

    conv_search: Literal["default", "heuristic", "exhaustive"] = setting(
        "heuristic",
        "How cuDNN's algorithm for a convolution is found: by quick rules or (exhaustive) slow ones, with exhaustive "
        "by trying all where a ReLU is fused with it; default is cuDNN's fallback, which may be very slow.",
        affects_result=False,
    )
    conv_max_workspace: bool = setting(
        True,
        "With conv_search exhaustive: algorithms that are tried get all the memory they ask for, else 32 MB.",
        affects_result=False,
    )
    tf32: bool = setting(
        False,
        "Multiply with 10 bits after the point instead of 23: faster from Ampere on, further from the CPU.",
        affects_result=False,
    )
    warm_up: bool = setting(
        True,
        "Run every model in its usual shapes before the first film, so that no film waits for that.",
        affects_result=False,
    )
    memory_share: float = setting(
        1.0,
        "Share of the GPU's memory that the films of one process may take; 1 is divided among workers on it.",
        affects_result=False,
        gt=0,
        le=1,
    )
    deciding_processes: int = setting(
        2,
        "Processes that decide by numbers at the ends of films, beside the one that feeds the GPU; 0: that one does.",
        affects_result=False,
        ge=0,
        le=64,
    )


class LimitSettings(Section):
    """What a film may ask for before it is refused; 0 is without limit."""

    pixels: int = setting(
        8192 * 4352,
        "Largest picture, width times height; none larger than 16384x8704 is ever decoded.",
        unit="px",
        affects_result=False,
        ge=0,
    )
    frames: int = setting(4_000_000, "Most pictures of a film (18 hours at 60 a second).", affects_result=False, ge=0)
    fps: float = setting(
        1000.0, "Most pictures a second, by the pictures' own times.", unit="1/s", affects_result=False, ge=0
    )
    streams: int = setting(
        200, "Most streams of a file: pictures, sound, subtitles and what else.", affects_result=False, ge=0
    )
    duration_s: float = setting(
        86_400.0, "Longest film by its container's word.", unit="s", affects_result=False, ge=0
    )
    no_progress_s: float = setting(
        300.0, "A worker is ended when nothing new comes of a film for so long.", unit="s", affects_result=False, gt=0
    )


class BackfillSettings(Section):
    """How a library is worked through."""

    lease_s: float = setting(
        60.0, "How long a claim on a film lasts without a heartbeat.", unit="s", affects_result=False, ge=2
    )
    workers_per_device: int = setting(
        0,
        "Worker processes a device; 0 is what suits it (CPU: 1, GPU: 2), and for `extract` no process but its own.",
        affects_result=False,
        ge=0,
        le=64,
    )
    cores_per_worker: int = setting(
        0,
        "With --ray, cores of a node that a worker without a GPU takes; 0 is `threads`, or 4.",
        affects_result=False,
        ge=0,
        le=1024,
    )
    attempts: int = setting(
        3, "Deaths or hangs of a film alone, after which it is quarantined.", affects_result=False, ge=1, le=100
    )
    recycle_films: int = setting(
        500, "A worker is replaced after so many films; 0 never.", affects_result=False, ge=0
    )
    recycle_mib: float = setting(
        0.0, "A worker that holds more between films is replaced; 0 never.", unit="MiB", affects_result=False, ge=0
    )
    budget_films: int = setting(
        50, "The last films that the failure budget looks at.", affects_result=False, ge=1
    )
    budget_percent: float = setting(
        50.0, "The run stops when more of them fail; 100 never stops it.", unit="%", affects_result=False, ge=0, le=100
    )
    patience_s: float = setting(
        600.0,
        "How long trouble that is no film's fault (disk full, ledger away, device lost) is waited for.",
        unit="s",
        affects_result=False,
        ge=0,
    )
    metrics_address: str = setting(
        "127.0.0.1",
        "Where --metrics-port answers: an address of this machine, 0.0.0.0 for all of them. Anybody who reaches it may "
        "read.",
        affects_result=False,
        min_length=1,
    )
